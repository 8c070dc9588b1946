import { invalidArgument, notFound } from '@kun/core';
import { Controller } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { Database } from './database.js';

interface Account {
  id: string;
  balance: number;
}

@Controller()
export class AccountsController {
  constructor(private readonly database: Database) {}

  @GrpcMethod('AccountsService')
  deposit({ id, amount }: { id: string; amount: number }): Account {
    if (amount <= 0) throw invalidArgument('amount must be above 0');
    return { id, balance: this.database.deposit(id, amount) };
  }

  @GrpcMethod('AccountsService')
  get({ id }: { id: string }): Account {
    const balance = this.database.balance(id);
    if (balance === undefined) throw notFound(`there is no account ${id}`);
    return { id, balance };
  }
}
