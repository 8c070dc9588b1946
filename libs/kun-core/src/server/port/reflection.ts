import { type ServerDuplexStream, status as Code } from '@grpc/grpc-js';
import type { DescribedSchema } from '../../proto/files/described-schema.js';
import { DEFAULT_FORMS } from '../../proto/values/message-forms.js';
import { healthSchema, reflectionSchema } from '../../proto/files/plumbing-protos.js';
import { serviceDefinitions } from '../../proto/service-definition.js';
import { type DescribedFile, DescriptorIndex } from '../../proto/descriptor/descriptor-index.js';
import type { ServiceImplementation } from '../answer/bind-service.js';

const VERSIONS = ['v1', 'v1alpha'] as const;
const HEALTH = 'grpc.health.v1.Health';

/** What reflection describes of a server. */
export interface ReflectionParts {
  /** The full names of the served services; health and reflection itself are added. */
  readonly services: Iterable<string>;
  readonly schemas: readonly DescribedSchema[];
  /** Called when the descriptors cannot be built: a bug in kun that costs callers only reflection. */
  readonly onError: (error: unknown) => void;
}

type ReflectionCall = ServerDuplexStream<ReflectionRequest, object>;

/** Serves grpc.reflection.v1 and v1alpha for the services and everything that their protos define. */
export function serveReflection(
  serve: (service: ServiceImplementation) => void,
  { services, schemas, onError }: ReflectionParts,
): void {
  const own = VERSIONS.map((version) => ({
    name: `grpc.reflection.${version}.ServerReflection`,
    schema: reflectionSchema(version),
  }));
  const answers = new ReflectionAnswers(
    [...services, HEALTH, ...own.map(({ name }) => name)],
    [...schemas, healthSchema(), ...own.map(({ schema }) => schema)],
  );
  const ServerReflectionInfo = (call: ReflectionCall): void => {
    const answer = answers.session();
    call.on('data', (request: ReflectionRequest) => {
      const taken = call.write({
        valid_host: request.host,
        original_request: request,
        ...safely(answer, request, onError),
      });
      // A peer that sends requests without reading gets no further responses.
      if (taken) return;
      call.pause();
      call.once('drain', () => call.resume());
    });
    call.on('end', () => call.end());
  };
  for (const { name, schema } of own) {
    const define = serviceDefinitions(DEFAULT_FORMS);
    serve({
      definition: define(schema.root.lookupService(name)),
      implementation: { ServerReflectionInfo },
    });
  }
}

function safely(
  answer: (request: ReflectionRequest) => ReflectionResponse,
  request: ReflectionRequest,
  onError: (error: unknown) => void,
): ReflectionResponse {
  try {
    return answer(request);
  } catch (error) {
    onError(error);
    return { error_response: { error_code: Code.INTERNAL, error_message: 'the protos cannot be described' } };
  }
}

/** `ServerReflectionRequest` as kun decodes it: one of the fields after `host` is set. */
interface ReflectionRequest {
  readonly host: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: {
    readonly containing_type: string;
    readonly extension_number: number;
  };
  readonly all_extension_numbers_of_type?: string;
  readonly list_services?: string;
}

/** `ServerReflectionResponse`, without the fields that echo the request. */
interface ReflectionResponse {
  readonly file_descriptor_response?: { readonly file_descriptor_proto: readonly Buffer[] };
  readonly all_extension_numbers_response?: {
    readonly base_type_name: string;
    readonly extension_number: readonly number[];
  };
  readonly list_services_response?: { readonly service: ReadonlyArray<{ readonly name: string }> };
  readonly error_response?: { readonly error_code: number; readonly error_message: string };
}

/** Answers reflection requests about a server. */
class ReflectionAnswers {
  private index: DescriptorIndex | undefined;

  constructor(
    /** The full names of all services served. */
    private readonly services: readonly string[],
    private readonly schemas: readonly DescribedSchema[],
  ) {}

  /**
   * The responses for one stream. A file is sent with all its imports, except those that an earlier response contained.
   */
  session(): (request: ReflectionRequest) => ReflectionResponse {
    const sent = new Set<DescribedFile>();
    return (request) => this.answer(request, sent);
  }

  private answer(request: ReflectionRequest, sent: Set<DescribedFile>): ReflectionResponse {
    // Built on first use: most processes never need it.
    const index = (this.index ??= new DescriptorIndex(this.schemas));
    const files = (file: DescribedFile | undefined, what: string): ReflectionResponse =>
      file
        ? { file_descriptor_response: { file_descriptor_proto: withImports(file, sent) } }
        : failure(Code.NOT_FOUND, `${what} is not known here`);
    const {
      file_by_filename: file,
      file_containing_symbol: symbol,
      file_containing_extension: extension,
      all_extension_numbers_of_type: extended,
      list_services: list,
    } = request;
    if (file !== undefined) return files(index.fileNamed(file), `the file ${file}`);
    if (symbol !== undefined) return files(index.fileContaining(symbol), `the symbol ${symbol}`);
    if (extension !== undefined) {
      const { containing_type: type, extension_number: number } = extension;
      return files(index.fileExtending(type, number), `the extension ${number} of ${type}`);
    }
    if (extended !== undefined) return this.extensionNumbers(extended, index);
    if (list !== undefined) {
      return { list_services_response: { service: this.services.toSorted().map((name) => ({ name })) } };
    }
    return failure(Code.INVALID_ARGUMENT, 'the request asks for nothing that this server knows');
  }

  private extensionNumbers(type: string, index: DescriptorIndex): ReflectionResponse {
    const numbers = index.extensionNumbers(type);
    if (!numbers) return failure(Code.NOT_FOUND, `the message ${type} is not known here`);
    return { all_extension_numbers_response: { base_type_name: type, extension_number: numbers } };
  }
}

function failure(code: number, message: string): ReflectionResponse {
  return { error_response: { error_code: code, error_message: message } };
}

/** The requested file comes first, and is always included. */
function withImports(file: DescribedFile, sent: Set<DescribedFile>): Buffer[] {
  const files = new Set([file]);
  for (const { dependencies } of files) {
    for (const dependency of dependencies) if (!sent.has(dependency)) files.add(dependency);
  }
  for (const each of files) sent.add(each);
  return [...files].map(({ bytes }) => bytes);
}
