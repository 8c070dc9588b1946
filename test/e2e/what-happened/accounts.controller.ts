import { Controller, Injectable, Logger } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import { currentCall } from '@kun/core';

interface Account {
  readonly id: string;
  readonly owner: string;
}

@Injectable()
export class AccountStore {
  find(id: string): Promise<Account> {
    return Promise.reject(new Error(`db-7 refused the connection, account ${id} is on its shard`));
  }
}

// #region
@Controller()
export class AccountsController {
  private readonly logger = new Logger('Accounts');

  constructor(private readonly store: AccountStore) {}

  @GrpcMethod('Accounts')
  async get({ id }: { id: string }): Promise<Account> {
    currentCall()?.tags.set('account', id);
    this.logger.log('asking the store');
    return this.store.find(id);
  }
}
// #endregion
