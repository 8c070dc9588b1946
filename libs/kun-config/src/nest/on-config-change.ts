import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Subscription } from 'rxjs';
import { formatPath, parsePath, type ConfigPath } from '../config-path.js';
import { Configuration } from '../live/configuration.js';
import { isRecord } from '../plain-object.js';

/**
 * Calls the method when a key or section changes, with its value as it is now and as it was:
 *
 * ```ts
 * @OnConfigChange('Logger.Level')
 * setLevel(level: string, previous: string) {}
 * ```
 *
 * For methods of providers and controllers that live as long as the application. What a method throws is logged.
 */
export function OnConfigChange(path: ConfigPath): MethodDecorator {
  return (_target, _name, descriptor) => {
    const method: unknown = descriptor.value;
    if (typeof method !== 'function') throw new TypeError('@OnConfigChange belongs on a method');
    const paths: unknown = Reflect.getMetadata(CHANGE_PATHS, method);
    Reflect.defineMetadata(CHANGE_PATHS, [...(Array.isArray(paths) ? paths : []), path], method);
  };
}

/** Finds the methods that are decorated with {@link OnConfigChange} and calls them. */
@Injectable()
export class ConfigChangeHandlers {
  private readonly logger = new Logger('KunConfig');
  private readonly subscription = new Subscription();

  constructor(
    private readonly configuration: Configuration<unknown>,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** Subscribes every method there is. */
  connect(): void {
    for (const { instance } of [...this.discovery.getProviders(), ...this.discovery.getControllers()]) {
      const holder: unknown = instance;
      if (!isRecord(holder)) continue;
      const prototype: unknown = Object.getPrototypeOf(holder);
      for (const name of isRecord(prototype) ? this.scanner.getAllMethodNames(prototype) : []) {
        const method = methodOf(holder, name);
        if (method)
          for (const path of pathsOf(method))
            this.subscribe(path, `${holder.constructor.name}.${name}`, method.bind(holder));
      }
    }
  }

  disconnect(): void {
    this.subscription.unsubscribe();
  }

  private subscribe(
    path: ConfigPath,
    name: string,
    method: (current: unknown, previous: unknown) => unknown,
  ): void {
    const failed = (error: unknown): void => {
      this.logger.error(`${name}, called for the change of ${formatPath(parsePath(path))}, failed`, error);
    };
    this.subscription.add(
      this.configuration.changes(path).subscribe(({ current, previous }) => {
        // A method that fails, now or later, must neither keep the others from being called nor end the process.
        try {
          Promise.resolve(method(current, previous)).catch(failed);
        } catch (error) {
          failed(error);
        }
      }),
    );
  }
}

const CHANGE_PATHS = Symbol('kun:config-change-paths');

type Method = (...args: unknown[]) => unknown;

function methodOf(holder: object, name: string): Method | undefined {
  // An accessor is not a method, and reading it may do anything.
  for (let at: unknown = holder; isRecord(at); at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor) return isMethod(descriptor.value) ? descriptor.value : undefined;
  }
  return undefined;
}

function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

function pathsOf(method: Method): ConfigPath[] {
  const paths: unknown = Reflect.getMetadata(CHANGE_PATHS, method);
  return Array.isArray(paths) ? paths : [];
}
