/** A call for `buf curl`. */
export interface BufCurlCall {
  /** `/package.Service/Method`. */
  readonly method: string;
  readonly messages: readonly unknown[];
  readonly metadata: ReadonlyArray<readonly [name: string, value: string]>;
  /** Whether the port is encrypted. */
  readonly tls: boolean;
  /** Whether the server has reflection. */
  readonly reflection: boolean;
}

/** Metadata that is a credential, since people pass the line on. */
const CREDENTIAL = /authorization|cookie|token|secret|password|api-?key|credential/i;

/**
 * The line that makes the same call in a terminal; `$GRPC` is host and port as that reaches them. Credentials stand as
 * variables of the shell, `$AUTHORIZATION`.
 */
export function bufCurl({ method, messages, metadata, tls, reflection }: BufCurlCall): string {
  const headers = metadata.map(([name, value]) =>
    CREDENTIAL.test(name) ? `-H "${name}: $${variable(name)}"` : `-H ${quoted(`${name}: ${value}`)}`,
  );
  return [
    'buf curl --protocol grpc',
    ...(tls ? [] : ['--http2-prior-knowledge']),
    // Where the protos are.
    ...(reflection ? [] : ['--schema .']),
    ...headers,
    `-d ${quoted(messages.map((message) => JSON.stringify(message)).join('\n'))}`,
    `"${tls ? 'https' : 'http'}://$GRPC${method}"`,
  ].join(' ');
}

/** Whether a name is one of a credential. */
export function isCredential(name: string): boolean {
  return CREDENTIAL.test(name);
}

function variable(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}

/** As one word of a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
