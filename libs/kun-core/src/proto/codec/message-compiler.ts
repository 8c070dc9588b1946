import protobuf, { type Writer } from 'protobufjs';
import type { MessageForms } from '../values/message-forms.js';
import type { CompiledMessage, Compiler } from './compiled-message.js';
import { enumeration } from '../values/enumeration.js';
import { featureOf, planFields, valueOf, type FieldPlan } from '../values/field-plan.js';
import { boolean, floating, integer32, type Integer32 } from '../values/integers.js';
import { integer64, isInteger64 } from '../values/integers64.js';
import { mapKeys, mapReader, mapWriter, newMap } from './map-codec.js';
import { leniently, FieldMisfitError, strictly, type Refuse } from '../values/message-misfit.js';
import { listReader, MessageReader, type FieldReader } from './message-reader.js';
import { listWriter, MessageWriter, type FieldWriter } from './message-writer.js';
import { bytes, string } from '../values/text.js';
import type { ValueCodec } from '../values/value-codec.js';
import { wellKnown } from './well-known.js';

/** Compiles the codecs of message types; each type is compiled once, however many others contain it. */
export class MessageCompiler implements Compiler {
  private readonly compiled = new Map<protobuf.Type, CompiledMessage>();
  private readonly refuse: Refuse;

  constructor(private readonly forms: MessageForms) {
    this.refuse = forms.strict ? strictly : leniently;
  }

  /** @throws {TypeError} when the type cannot have the requested forms. */
  compile(type: protobuf.Type): CompiledMessage {
    const known = this.compiled.get(type);
    if (known) return known;
    const typeName = type.fullName.slice(1);
    const compiled = {
      type,
      writer: new MessageWriter(typeName, this.refuse),
      reader: new MessageReader(typeName),
    };
    // Registered before its fields, because a message may contain itself.
    this.compiled.set(type, compiled);
    const plans = planFields(type, this.forms.fieldNames);
    const parts = plans.map((plan) => ({ plan, ...this.field(plan, plans) }));
    const byNumber = parts.toSorted((one, other) => one.plan.field.id - other.plan.field.id);
    compiled.writer.complete(byNumber, oneofsOf(plans));
    compiled.reader.complete(parts.map(({ reader }) => reader));
    return compiled;
  }

  /** The codec of a field's values: of the elements of a list, or of the values of a map. */
  value(field: protobuf.Field): ValueCodec {
    const { resolvedType, type } = field;
    if (resolvedType instanceof protobuf.Enum)
      return enumeration(resolvedType, this.forms.enums, this.refuse);
    if (resolvedType instanceof protobuf.Type) return this.messageValue(resolvedType, field);
    return this.scalar(type, featureOf(field, 'utf8_validation') !== 'NONE');
  }

  private scalar(type: string, verified: boolean): ValueCodec {
    if (type === 'string') return string(verified, this.refuse);
    if (type === 'bytes') return bytes(this.refuse);
    if (type === 'bool') return boolean(this.refuse);
    if (type === 'float' || type === 'double') return floating(type, this.refuse);
    if (isInteger64(type)) return integer64(type, this.forms.longs, this.refuse);
    return integer32(type as Integer32, this.refuse);
  }

  wellKnown(type: protobuf.Type): ValueCodec | undefined {
    return wellKnown(type, this, this.refuse);
  }

  private messageValue(type: protobuf.Type, field: protobuf.Field): ValueCodec {
    const known = this.wellKnown(type);
    if (known) return known;
    const { writer, reader } = this.compile(type);
    return field.delimited ? groupValue(writer, reader, field.id) : messageValue(writer, reader);
  }

  private field(
    plan: FieldPlan,
    plans: readonly FieldPlan[],
  ): { readonly write: FieldWriter; readonly reader: FieldReader } {
    const { field, name } = plan;
    const shared = { name, number: field.id, rivals: rivalsOf(plan, plans), required: field.required };
    const codec = this.value(field);
    if (field instanceof protobuf.MapField) {
      const key = this.scalar(field.keyType, featureOf(field, 'utf8_validation') !== 'NONE');
      const keys = mapKeys(field.keyType, key, this.forms.longs, this.refuse);
      return {
        write: present(plan, mapWriter(tagOf(field, 2), keys, codec, this.refuse)),
        reader: {
          ...shared,
          wireType: 2,
          read: mapReader(keys, codec),
          readPacked: undefined,
          empty: undefined,
          makeEmpty: () => newMap(keys),
        },
      };
    }
    if (field.repeated) {
      const packed = field.packed && codec.packable;
      const tag = tagOf(field, packed ? 2 : codec.wireType);
      const write = listWriter(tag, codec, packed, this.refuse, endTagOf(field, codec));
      return {
        write: present(plan, write),
        reader: {
          ...shared,
          wireType: codec.wireType,
          ...listReader(codec),
          empty: undefined,
          makeEmpty: () => [],
        },
      };
    }
    // Message fields always have presence, even if other proto3 fields do not.
    const presence = field.hasPresence || field.resolvedType instanceof protobuf.Type;
    return {
      write: presence ? explicit(plan, codec) : implicit(plan, codec),
      reader: {
        ...shared,
        wireType: codec.wireType,
        read: codec.read,
        readPacked: undefined,
        ...(presence ? declaredDefault(field, codec) : { empty: codec.empty(), makeEmpty: undefined }),
      },
    };
  }
}

/** For lists and maps, `null` means empty. */
function present(
  plan: FieldPlan,
  write: (writer: Writer, value: unknown, depth: number) => void,
): FieldWriter {
  return (writer, source, depth) => {
    const value = valueOf(source, plan);
    if (value === undefined) return false;
    if (value !== null) write(writer, value, depth);
    return true;
  };
}

/** A field with presence: written whenever it is set. */
function explicit(plan: FieldPlan, codec: ValueCodec): FieldWriter {
  const { field, name, inherited } = plan;
  const tag = tagOf(field, codec.wireType);
  const endTag = endTagOf(field, codec);
  const takesNull = codec.zero === null;
  return (writer, source, depth) => {
    const value = inherited ? valueOf(source, plan) : source[name];
    if (value === undefined || (value === null && !takesNull)) {
      if (field.required) throw new FieldMisfitError('required, and not set');
      return value === null;
    }
    writer.uint32(tag);
    codec.write(writer, value, depth);
    if (endTag !== undefined) writer.uint32(endTag);
    return true;
  };
}

/** A field without presence: omitted if it has its default value, in whichever form. */
function implicit(plan: FieldPlan, codec: ValueCodec): FieldWriter {
  const { field, name, inherited } = plan;
  const { zero } = codec;
  const tag = tagOf(field, codec.wireType);
  return (writer, source, depth) => {
    const value = inherited ? valueOf(source, plan) : source[name];
    if (value === undefined) return false;
    if (value === null || Object.is(value, zero)) return true;
    const start = writer.pos;
    writer.uint32(tag);
    const from = writer.pos;
    codec.write(writer, value, depth);
    // Nothing but zero bytes is the default: of a number, or as the length of text and bytes.
    if (isZero(writer, from)) writer.pos = start;
    return true;
  };
}

const LONGEST_DEFAULT = 8;

function isZero(writer: Writer, from: number): boolean {
  const { buf, pos } = writer;
  if (buf[from] !== 0 || pos - from > LONGEST_DEFAULT) return false;
  for (let at = from + 1; at < pos; at++) if (buf[at] !== 0) return false;
  return true;
}

/** A default declared by a proto2 field is what a sender means by omitting it; other fields are just absent. */
function declaredDefault(field: protobuf.Field, codec: ValueCodec): Pick<FieldReader, 'empty' | 'makeEmpty'> {
  if (field.partOf || field.getOption('default') === undefined)
    return { empty: undefined, makeEmpty: undefined };
  const writer = protobuf.Writer.create();
  codec.write(writer, field.typeDefault, 0);
  const empty = codec.read(protobuf.Reader.create(writer.finish()), 0, undefined);
  // Bytes are mutable, so each message gets its own copy.
  return Buffer.isBuffer(empty)
    ? { empty: undefined, makeEmpty: () => Buffer.from(empty) }
    : { empty, makeEmpty: undefined };
}

function messageValue(writer: MessageWriter, reader: MessageReader): ValueCodec {
  return {
    wireType: 2,
    packable: false,
    zero: undefined,
    write(output, value, depth) {
      output.fork();
      writer.write(output, value, depth + 1);
      output.ldelim();
    },
    read: (input, depth, previous) => reader.readDelimited(input, depth + 1, previous),
    empty: () => reader.empty(),
  };
}

function groupValue(writer: MessageWriter, reader: MessageReader, number: number): ValueCodec {
  return {
    wireType: 3,
    packable: false,
    zero: undefined,
    write: (output, value, depth) => writer.write(output, value, depth + 1),
    read: (input, depth, previous) => reader.read(input, depth + 1, previous, number),
    empty: () => reader.empty(),
  };
}

function tagOf(field: protobuf.Field, wireType: number): number {
  return ((field.id << 3) | wireType) >>> 0;
}

function endTagOf(field: protobuf.Field, codec: ValueCodec): number | undefined {
  return codec.wireType === 3 ? tagOf(field, 4) : undefined;
}

/** The proto's oneofs by name, without the synthetic ones of `optional`. */
function oneofsOf(plans: readonly FieldPlan[]): Map<string, FieldPlan[]> {
  const oneofs = new Map<string, FieldPlan[]>();
  for (const plan of plans) {
    const { partOf } = plan.field;
    if (!partOf || partOf.isProto3Optional) continue;
    oneofs.set(partOf.name, [...(oneofs.get(partOf.name) ?? []), plan]);
  }
  return oneofs;
}

function rivalsOf({ field }: FieldPlan, plans: readonly FieldPlan[]): number[] {
  if (!field.partOf) return [];
  return plans.flatMap((other, index) =>
    other.field !== field && other.field.partOf === field.partOf ? [index] : [],
  );
}
