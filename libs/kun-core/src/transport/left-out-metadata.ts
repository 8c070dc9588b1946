import type { LeftOutMetadata, OnLeftOut } from './outgoing-metadata.js';

/** Names that handlers make up must not fill the memory. */
const MAX_WARNINGS = 200;

const WHY: Readonly<Record<LeftOutMetadata['reason'], string>> = {
  reserved: 'belongs to HTTP/2 or gRPC',
  name: 'is no name of metadata: it needs letters, digits, "-", "_" and "." only',
  value:
    'has a value that metadata cannot carry: printable ASCII, or a Buffer where the name ends with "-bin"',
  size: 'did not fit beside the status',
};

/** Warns of metadata that was left out: once for each name, place and reason, whatever the number of calls. */
export function warnOfLeftOutMetadata(logger: { warn(fields: object, message: string): void }): OnLeftOut {
  const told = new Set<string>();
  return ({ place, name, reason }) => {
    const kind = `${place} ${reason} ${name}`;
    if (told.has(kind) || told.size >= MAX_WARNINGS) return;
    told.add(kind);
    logger.warn({ 'metadata.name': name, 'metadata.place': place }, `left out metadata that ${WHY[reason]}`);
  };
}
