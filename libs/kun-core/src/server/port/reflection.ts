import { status as Code, type Server, type ServerDuplexStream } from '@grpc/grpc-js';
import { DEFAULT_FORMS } from '../../proto/message-forms.js';
import type { ProtoSchema } from '../../proto/parse-protos.js';
import { healthSchema, reflectionSchema } from '../../proto/plumbing-protos.js';
import { serviceDefinitions } from '../../proto/service-definition.js';
import { ReflectionAnswers, type ReflectionRequest, type ReflectionResponse } from './reflection-answers.js';

const VERSIONS = ['v1', 'v1alpha'] as const;
const HEALTH = 'grpc.health.v1.Health';

/** What is told of a server. */
export interface ReflectionParts {
  /** The full names of the services served; health and reflection itself are added. */
  readonly services: Iterable<string>;
  readonly schemas: readonly ProtoSchema[];
  /** Told why no descriptors can be made: a mistake of kun's, which costs callers reflection and nothing else. */
  readonly onError: (error: unknown) => void;
}

type ReflectionCall = ServerDuplexStream<ReflectionRequest, object>;

/** Serves grpc.reflection.v1 and v1alpha for the services and all that their protos define. */
export function serveReflection(server: Server, { services, schemas, onError }: ReflectionParts): void {
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
      // Who asks and does not read is not answered on.
      if (taken) return;
      call.pause();
      call.once('drain', () => call.resume());
    });
    call.on('end', () => call.end());
  };
  for (const { name, schema } of own) {
    const define = serviceDefinitions(DEFAULT_FORMS);
    server.addService(define(schema.root.lookupService(name)), { ServerReflectionInfo });
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
