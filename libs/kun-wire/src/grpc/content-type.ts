const GRPC = 'application/grpc';

/** Whether a request speaks gRPC: `application/grpc`, with a format behind `+` or parameters behind `;`. */
export function isGrpcContentType(value: string): boolean {
  if (value === GRPC) return true;
  if (!value.toLowerCase().startsWith(GRPC)) return false;
  const next = value.charAt(GRPC.length);
  return next === '' || next === '+' || next === ';';
}
