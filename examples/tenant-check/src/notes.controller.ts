import { currentCall, resourceExhausted } from '@kun/core';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { tenantKey } from './tenant.interceptor.js';

@Controller()
export class NotesController {
  private readonly notes = new Map<string, string[]>();

  @GrpcMethod('NotesService')
  add({ text }: { text: string }): { count: number } {
    const { maxNotes } = tenant();
    const notes = this.own();
    if (notes.length >= maxNotes) throw resourceExhausted(`no more than ${maxNotes} notes`);
    return { count: notes.push(text) };
  }

  @GrpcMethod('NotesService')
  *list(): Generator<{ text: string }> {
    for (const text of this.own()) yield { text };
  }

  private own(): string[] {
    const { name } = tenant();
    const notes = this.notes.get(name) ?? [];
    this.notes.set(name, notes);
    return notes;
  }
}

function tenant() {
  const call = currentCall();
  if (!call) throw new Error('notes are read and written in calls only');
  return call.get(tenantKey);
}
