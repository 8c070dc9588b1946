import { StatusCode } from '@kun/core';
import { startInProcess, watchLeaks, type InProcessService } from '@kun/core/testing';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildExample, rootOf } from './build-example.js';

interface Seats {
  book(request: { guest: string; wish?: Wish }): Promise<object>;
  watch(request: object): AsyncIterable<{ readonly guest: string }>;
}

type Wish = { case: 'seat'; value: string } | { case: 'place'; value: number };

const WINDOW = 1;
const AISLE = 2;

describe('examples/seat-booking', () => {
  let root: new () => object;
  let service: InProcessService;
  let seats: Seats;

  beforeAll(async () => {
    const load = await buildExample('seat-booking');
    root = rootOf(await load('app.module.js'), 'AppModule');
  });
  beforeEach(async () => {
    const leaks = watchLeaks();
    service = await startInProcess(root);
    seats = service.client<Seats>('examples.seats.v1.SeatsService');
    return () => leaks.check();
  });
  afterEach(() => service.close());

  it('books the seat that is named, one that suits, or any', async () => {
    const named = await seats.book({ guest: 'Ada', wish: { case: 'seat', value: '1A' } });
    expect(named).toMatchObject({ seat: '1A', guest: 'Ada', number: 1n });
    const suiting = await seats.book({ guest: 'Bob', wish: { case: 'place', value: WINDOW } });
    expect(suiting).toMatchObject({ seat: '2A', number: 2n });
    expect(await seats.book({ guest: 'Cy' })).toMatchObject({ seat: '1B', number: 3n });
  });

  it('refuses a seat that is taken, and a place of which none is left', async () => {
    const wish = { case: 'seat', value: '1B' } as const;
    await seats.book({ guest: 'Ada', wish });
    await expect(seats.book({ guest: 'Bob', wish })).rejects.toMatchObject({ code: StatusCode.NOT_FOUND });
    const aisle = seats.book({ guest: 'Bob', wish: { case: 'place', value: AISLE } });
    await expect(aisle).rejects.toMatchObject({ code: StatusCode.RESOURCE_EXHAUSTED });
  });

  it('tells the bookings until now, and each that is made', async () => {
    await seats.book({ guest: 'Ada' });
    const guests: string[] = [];
    for await (const { guest } of seats.watch({})) {
      guests.push(guest);
      if (guests.length === 2) break;
      await seats.book({ guest: 'Bob' });
    }
    expect(guests).toEqual(['Ada', 'Bob']);
  });
});
