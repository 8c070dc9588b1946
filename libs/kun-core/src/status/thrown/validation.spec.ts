import {
  BadRequestException,
  StandardSchemaValidationPipe,
  ValidationPipe,
  type PipeTransform,
} from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsEmail, IsInt, IsNotEmpty, IsString, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { status } from '@grpc/grpc-js';
import { badRequest } from '../details/details.js';
import { findDetail } from '../wire/service-error.js';
import type { StatusError } from '../status-error.js';
import {
  markRequestFailure,
  fieldPath,
  validationExceptionFactory,
  type ClassValidatorFailure,
} from './validation.js';
import { toStatusError } from './to-status-error.js';

class Address {
  @IsEmail() address!: string;
}

class User {
  @IsString() name!: string;
  @IsInt({ each: true }) ages!: number[];
  @ValidateNested({ each: true }) @Type(() => Address) emails!: Address[];
  @ValidateNested() @Type(() => Address) main!: Address;
}

const SCHEMA = z.object({
  name: z.string(),
  emails: z.array(z.object({ address: z.email() })),
});

const BAD = {
  name: 5,
  ages: ['x'],
  emails: [{ address: 'a@acme.com' }, { address: 'x' }],
  main: { address: 'y' },
};
const CLASS_VALIDATOR = { type: 'body', metatype: User } as const;
const STANDARD_SCHEMA = { type: 'body', schema: SCHEMA } as const;

describe('validation', () => {
  it("names every field that class-validator's rules refuse", async () => {
    const error = await refusal(new ValidationPipe({ exceptionFactory: validationExceptionFactory }));
    expect(error).toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: 'name must be a string (and 3 more)',
      details: [
        badRequest({
          fieldViolations: [
            { field: 'name', description: 'name must be a string', reason: 'IS_STRING' },
            { field: 'ages', description: 'each value in ages must be an integer number', reason: 'IS_INT' },
            { field: 'emails[1].address', description: 'address must be an email', reason: 'IS_EMAIL' },
            { field: 'main.address', description: 'address must be an email', reason: 'IS_EMAIL' },
          ],
        }),
      ],
    });
  });

  it.each([
    ['list', {}],
    ['grouped', { errorFormat: 'grouped' }],
  ] as const)("finds them in ValidationPipe's default answer too (%s)", async (_, options) => {
    const error = await refusal(new ValidationPipe(options));
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(violationsOf(error).map(({ field }) => field)).toEqual([
      'name',
      'ages',
      'emails[1].address',
      'main.address',
    ]);
  });

  it.each([
    ['made by the factory', { exceptionFactory: validationExceptionFactory }],
    ['by default', {}],
  ])('names every field that a Standard Schema refuses, %s', async (_, options) => {
    const error = await refusal(new StandardSchemaValidationPipe(options), STANDARD_SCHEMA);
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(violationsOf(error)).toMatchObject([
      { field: 'name', description: 'Invalid input: expected string, received number' },
      { field: 'emails[1].address', description: 'Invalid email address' },
    ]);
    expect(error.message).toBe('name: Invalid input: expected string, received number (and 1 more)');
  });

  it('recognizes failures thrown by a pipe, and no others', () => {
    const ofPipe = (failure: unknown) => {
      expect(toStatusError(failure)).toMatchObject({ code: status.INTERNAL, hidesCause: true });
      markRequestFailure(failure);
      return toStatusError(failure);
    };
    const { error: zodError } = SCHEMA.safeParse({ name: 'n', emails: [{}] });
    const fromZod = ofPipe(zodError);
    expect(fromZod).toMatchObject({ code: status.INVALID_ARGUMENT, cause: zodError });
    expect(violationsOf(fromZod)).toMatchObject([{ field: 'emails[0].address', reason: 'INVALID_TYPE' }]);

    const list: ClassValidatorFailure[] = [{ property: 'a', constraints: { isInt: 'a must be an integer' } }];
    expect(violationsOf(ofPipe(list))).toEqual([
      { field: 'a', description: 'a must be an integer', reason: 'IS_INT' },
    ]);

    const valibot = { issues: [{ message: 'no', path: [{ key: 'a' }, { key: 0 }, { key: 'b' }] }] };
    expect(violationsOf(ofPipe(valibot))).toEqual([{ field: 'a[0].b', description: 'no' }]);
  });

  it.each([[[]], [['text']], [[{ property: 5 }]], [{ issues: [] }], [{ issues: ['x'] }], [{ issues: 'x' }]])(
    'is not in %j',
    (value) => {
      markRequestFailure(value);
      expect(toStatusError(value).code).toBe(status.INTERNAL);
    },
  );

  it('keeps the first hundred of a hostile request, however deep', () => {
    let deep: ClassValidatorFailure = { property: 'x', constraints: { isInt: 'no' } };
    for (let depth = 0; depth < 100_000; depth += 1) deep = { property: 'x', children: [deep] };
    const wide = Array.from({ length: 5000 }, (_, n) => ({
      property: `p${n}`,
      constraints: { isInt: 'no' },
    }));
    const violations = violationsOf(validationExceptionFactory([deep, ...wide]));
    expect(violations).toHaveLength(100);
    expect(violations[0]).toMatchObject({ field: 'p0' });
  });

  it('costs no more than its length, whatever the names in a request', () => {
    const name = `${'a'.repeat(300_000)}]`;
    const started = performance.now();
    for (const text of [name, name.replaceAll('a', 'a.'), `${name}: x`]) {
      toStatusError(new BadRequestException([text]));
      validationExceptionFactory([{ property: text, constraints: { isInt: 'no' } }]);
    }
    // Quadratic would be minutes.
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('guesses no field where a text names none', () => {
    class Terms {
      @IsNotEmpty({ message: 'Please accept our terms' }) terms!: string;
    }
    return expect(
      refusal(new ValidationPipe(), { type: 'body', metatype: Terms }, {}).then(violationsOf),
    ).resolves.toEqual([{ field: '', description: 'Please accept our terms' }]);
  });

  it.each([
    [['a', 0, 'b'], 'a[0].b'],
    [[0, 'a'], '[0].a'],
    [['a', '1', '2'], 'a[1][2]'],
    [[Symbol('s')], 'Symbol(s)'],
    [[], ''],
  ])('writes the path %j as %s', (segments, path) => {
    expect(fieldPath(segments)).toBe(path);
  });
});

async function refusal(
  pipe: PipeTransform,
  metadata: Parameters<PipeTransform['transform']>[1] = CLASS_VALIDATOR,
  value: unknown = BAD,
): Promise<StatusError> {
  try {
    await pipe.transform(value, metadata);
  } catch (error) {
    return toStatusError(error);
  }
  throw new Error('the pipe accepted it');
}

function violationsOf(error: StatusError): ReadonlyArray<{ field: string; description: string }> {
  return findDetail(error, 'google.rpc.BadRequest')?.fieldViolations ?? [];
}
