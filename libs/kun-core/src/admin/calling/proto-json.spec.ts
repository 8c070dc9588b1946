import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseProtos } from '../../proto/files/parse-protos.js';
import { readProtoFiles } from '../../proto/files/proto-files.js';
import { exampleMessage } from './example-message.js';
import { methodsAnswer } from './methods-answer.js';
import { ProtoJson } from './proto-json.js';

const ZOO = join(import.meta.dirname, '../../../test/zoo.proto');
const schemas = [parseProtos(readProtoFiles([ZOO], []))];
const protos = new ProtoJson(schemas);

describe('the example of a message', () => {
  it('has every field, whatever it is, and can be sent', async () => {
    const method = await protos.method('/zoo.v1.Zoo/Feed');
    if (!method) throw new Error('no method');
    const example = exampleMessage(method.descriptor.input);
    expect(example).toEqual({
      name: '',
      legCount: 0,
      weight: '0',
      tame: false,
      picture: '',
      born: '2026-01-31T12:00:00Z',
      nap: '1.5s',
      kind: 'KIND_UNKNOWN',
      friends: [{ name: '', friends: [expect.any(Object)] }],
      tags: { key: 0 },
      byId: { '0': { name: '', friends: [expect.any(Object)] } },
      meat: '',
      notes: {},
      nickname: '',
    });
    expect(method.encode(example).byteLength).toBeGreaterThan(0);
  });

  it('is told with the comments of the proto', async () => {
    const parts = { services: ['zoo.v1.Zoo'], schemas, protos, tls: true, reflection: true };
    const { services, types } = await methodsAnswer(parts);
    expect(services).toMatchObject([
      { comment: 'All animals.', methods: [{ comment: 'Gives it something.' }] },
    ]);
    expect(services[0]?.methods[0]?.bufCurl).toMatch(/^buf curl --protocol grpc -d '/);
    const animal = types['zoo.v1.Animal'];
    const field = (name: string) => animal?.fields?.find((each) => each.name === name);
    expect(field('legCount')).toEqual({
      name: 'legCount',
      type: 'uint32',
      comment: 'How many it stands on.',
    });
    expect(field('byId')).toEqual({ name: 'byId', type: 'zoo.v1.Friend', label: 'map', key: 'int64' });
    expect(field('meat')).toEqual({ name: 'meat', type: 'string', oneof: 'food' });
    expect(types['zoo.v1.Kind']?.values).toEqual([
      { name: 'KIND_UNKNOWN', number: 0 },
      { name: 'KIND_CAT', number: 1, comment: 'Sleeps.' },
    ]);
  });
});

describe('JSON of protobuf', () => {
  it('is read by either name of a field, and refused with the field that does not fit', async () => {
    const method = await protos.method('/zoo.v1.Zoo/Feed');
    const bytes = method?.encode({ leg_count: 4, weight: '9007199254740993', picture: 'YWJj' });
    expect(method?.encode({ legCount: 4, weight: '9007199254740993', picture: 'YWJj' })).toEqual(bytes);
    expect(method?.decode(bytes ?? Buffer.alloc(0))).toMatchObject({
      legCount: 4,
      weight: '9007199254740993',
    });
    for (const [json, field] of [
      [{ legs: 4 }, 'legs'],
      [{ legCount: -1 }, 'leg_count'],
      [{ kind: 'KIND_DOG' }, 'KIND_DOG'],
      [{ born: 'yesterday' }, 'Timestamp'],
    ] as const) {
      expect(() => method?.encode(json)).toThrow(field);
    }
    for (const json of [null, 7, 'text', [], [{}]])
      expect(() => method?.encode(json)).toThrow('zoo.v1.Animal');
  });
});
