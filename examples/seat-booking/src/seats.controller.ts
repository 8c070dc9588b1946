import { create } from '@bufbuild/protobuf';
import { StatusCode, StatusError } from '@kun/core';
import { Rpc, type ServiceImpl } from '@kun/core/protobuf-es';
import { Controller } from '@nestjs/common';
import { concat, from, Subject, type Observable } from 'rxjs';
import { BookingSchema, Place, SeatsService, type Booking, type BookRequest } from './gen/seats_pb.js';

/** A method that takes or answers something else than its proto says does not compile, nor does a controller without one. */
@Controller()
export class SeatsController implements ServiceImpl<typeof SeatsService> {
  private readonly free = new Map([
    ['1A', Place.WINDOW],
    ['1B', Place.AISLE],
    ['2A', Place.WINDOW],
  ]);
  private readonly bookings: Booking[] = [];
  private readonly made = new Subject<Booking>();

  @Rpc(SeatsService.method.book)
  book({ guest, wish }: BookRequest): Booking {
    const seat = this.choose(wish);
    this.free.delete(seat);
    const booking = create(BookingSchema, { seat, guest, number: BigInt(this.bookings.length + 1) });
    this.bookings.push(booking);
    this.made.next(booking);
    return booking;
  }

  @Rpc(SeatsService.method.watch)
  watch(): Observable<Booking> {
    return concat(from([...this.bookings]), this.made);
  }

  /** The compiler knows which value each case of the oneof has. */
  private choose(wish: BookRequest['wish']): string {
    if (wish.case === 'seat') {
      if (!this.free.has(wish.value))
        throw new StatusError(StatusCode.NOT_FOUND, `seat ${wish.value} is not free`);
      return wish.value;
    }
    for (const [seat, place] of this.free) {
      if (wish.case === undefined || wish.value === place) return seat;
    }
    throw new StatusError(StatusCode.RESOURCE_EXHAUSTED, 'no such seat is free');
  }
}
