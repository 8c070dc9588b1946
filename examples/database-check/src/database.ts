import { DatabaseSync } from 'node:sqlite';
import { Configuration } from '@kun/config';
import { Readiness } from '@kun/core';
import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { DatabaseConfig } from './database.config.js';

/** The accounts, in an SQLite file. */
@Injectable()
export class Database implements OnModuleDestroy {
  private readonly connection: DatabaseSync;

  constructor(config: Configuration<DatabaseConfig>, readiness: Readiness) {
    const { File: file, LockTimeout: lockTimeout } = config.value.Database;
    this.connection = new DatabaseSync(file, { timeout: lockTimeout * 1000 });
    this.connection.exec(
      'CREATE TABLE IF NOT EXISTS accounts (id TEXT PRIMARY KEY, balance INTEGER NOT NULL) STRICT',
    );
    // Fails by throwing, and the log says with what. It reads, as calls do: that the file is open says nothing.
    readiness.addCheck(
      'database',
      () => void this.connection.prepare('SELECT 1 FROM accounts LIMIT 1').get(),
    );
  }

  /** The balance; `undefined` when there is no such account. */
  balance(id: string): number | undefined {
    const row = this.connection.prepare('SELECT balance FROM accounts WHERE id = ?').get(id);
    return row && Number(row['balance']);
  }

  /** Adds to an account, which is made when there is none, and returns the new balance. */
  deposit(id: string, amount: number): number {
    const row = this.connection
      .prepare(
        `INSERT INTO accounts VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET balance = balance + ?2 RETURNING balance`,
      )
      .get(id, amount);
    return Number(row?.['balance']);
  }

  /** After the last call: nobody asks any more. */
  onModuleDestroy(): void {
    this.connection.close();
  }
}
