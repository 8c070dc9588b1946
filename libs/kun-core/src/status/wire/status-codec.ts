import { packDetail, unpackDetail, type PackedAny } from '../details/detail-codec.js';
import { detailType } from '../details/detail-type.js';
import type { StatusDetail } from '../details/detail-types.js';
import { fieldOf, listOf, textOf } from '../details/field-of.js';

/** google.rpc.Status, decoded */
export interface DecodedStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly StatusDetail[];
}

/** The trailer that carries google.rpc.Status */
export const STATUS_DETAILS_KEY = 'grpc-status-details-bin';

/** The bytes of google.rpc.Status with details that are packed already */
export function encodeStatus(code: number, message: string, details: readonly PackedAny[]): Buffer {
  const codec = detailType('Status');
  // A Buffer in Node, where protobufjs writes into one.
  return Buffer.from(codec.encode(codec.fromObject({ code, message, details })).finish());
}

/** google.rpc.Status from untrusted bytes; `undefined` when they are malformed. Never throws */
export function decodeStatus(bytes: Uint8Array): DecodedStatus | undefined {
  try {
    const codec = detailType('Status');
    const decoded = codec.toObject(codec.decode(bytes));
    const details = listOf(decoded, 'details').map((any) => {
      const value = fieldOf(any, 'value');
      return unpackDetail({
        typeUrl: textOf(any, 'typeUrl'),
        value: value instanceof Uint8Array ? value : new Uint8Array(),
      });
    });
    return { code: Number(fieldOf(decoded, 'code') ?? 0), message: textOf(decoded, 'message'), details };
  } catch {
    return undefined;
  }
}

/** Packs one by one, so that a detail of a wrong shape costs only itself; `undefined` stands in its place */
export function packDetails(details: readonly StatusDetail[]): Array<PackedAny | undefined> {
  return details.map((detail) => {
    try {
      return packDetail(detail);
    } catch {
      return undefined;
    }
  });
}
