// Must come first: on an unsupported Node nothing else must be loaded.
export { NodeVersionError } from './node-version.js';

// The module and the application
export { type KunApplication, type KunControls, RootModuleError } from './app/application.js';
export { KunFactory, type RunOptions } from './app/factory.js';
export { MetadataError } from './app/check-metadata.js';
export type { OpenPorts } from './app/phases/parts.js';
export type { KunModuleAsyncOptions } from './wiring/kun.module.js';
export { ModuleOptionsError } from './wiring/check-options.js';
export { EntranceError } from './wiring/entrance.js';
export { KunModule } from './wiring/kun.module.js';
export type { KunModuleOptions, KunRuntime } from './wiring/options.js';
export { KUN_SETTINGS } from './wiring/tokens.js';
export { PortError, type PortSource } from './transport/port-error.js';

// Configuration
export type { Key as SettingKey, PortOverrides } from './settings/declare.js';
export type { Live } from './settings/live.js';
export type { ResolvedSettings } from './settings/resolve-settings.js';
export type {
  OptionalSection as OptionalSettingsSection,
  Schemas as SettingSchemas,
  Section as SettingsSection,
} from './settings/section.js';
export { type Settings, settingsSchema } from './settings/settings.js';

// Identity, lifecycle and probes
export type { Clock } from './clock.js';
export {
  Identity,
  IdentityError,
  type IdentityFields,
  type IdentityProblem,
  type Pod,
} from './identity/identity.js';
export type { Check, CheckOptions, ProbeLogger, ProbeReport } from './lifecycle/checks.js';
export { Lifecycle, type LifecycleObserver, type LifecycleState, StartError } from './lifecycle/lifecycle.js';
export { Liveness, type LivenessOptions } from './lifecycle/liveness.js';
export type { Phase, PhaseOutcome, PhaseReport, StopContext, StopReport } from './lifecycle/phase.js';
export {
  Readiness,
  type ReadinessNote,
  type ReadinessOptions,
  type ReadinessPhase,
  type ReadinessState,
} from './lifecycle/readiness.js';
export type { NamedCallback } from './lifecycle/stop-callbacks.js';
export type { TimedStep } from './lifecycle/stop-plan.js';
export { MissingPackageError } from './optional-package.js';

// Protos, messages and handlers
export { ProtoError, type ProtoSource } from './proto/files/proto-source.js';
export type { GeneratedProto } from './proto/generated-proto.js';
export type { RequestRules } from './proto/request-rules.js';
export { nanosOf } from './proto/values/exact-date.js';
export type { ProtoForms } from './proto/values/message-forms.js';
export { MessageMisfitError } from './proto/values/message-misfit.js';
export type { Handlers } from './server/answer/handlers.js';
export { GrpcJsServiceError, type GrpcJsService, type GrpcJsServices } from './wiring/grpc-js-services.js';
export { HandlerCoverageError } from './server/answer/nest/handler-coverage.js';
export { EachMessage } from './server/answer/nest/message-types.js';
export { NestPipelineError } from './server/answer/nest/nest-pipeline.js';
export { MessageParameterError } from './server/answer/nest/unchecked-messages.js';

// Server ports and channels
export { compressResponse } from './server/call/compress-response.js';
export type { CompressionAlgorithm } from './transport/compression.js';
export { callerIdentity } from './server/call/caller-identity.js';
export type { PeerIdentity } from './tls/peer-identity.js';
export { ChannelOptionError, type GrpcChannelOptions } from './transport/channel-options.js';

// Calls and interceptors
export { type ContextKey, contextKey, type Routes, type TagValue, Tags } from './rpc/call-values.js';
export { currentCall, inCall } from './rpc/current-call.js';
export { InterceptorError, type KunInterceptor } from './rpc/injectable-interceptor.js';
export type { CallHandler, Interceptor } from './rpc/interceptor.js';
export { type MethodSelector, only } from './rpc/only.js';
export type { EndObserver, Ending, MessageObserver, RpcCall } from './rpc/rpc-call.js';
export type { RpcKind, RpcMethod, RpcTypeLabel } from './rpc/rpc-method.js';

// Routes
export { type RouteChanges, RouteError } from './routing/route-changes.js';
export { routes } from './routing/route-scope.js';

// Clients and retry
export { CallArgumentError } from './client/call/call-argument-error.js';
export type { MetadataInput, MetadataInputValue } from './client/call/call-metadata.js';
export type { CallOptions } from './client/call/call-options.js';
export { detach } from './client/call/detach.js';
export {
  InjectClient,
  InjectNestClient,
  clientToken,
  nestClientToken,
} from './client/upstreams/inject-client.js';
export { KunClientModule, type UpstreamAsyncOptions } from './client/upstreams/kun-client.module.js';
export {
  type AnyUpstreamOptions,
  type GeneratedUpstreamOptions,
  UpstreamError,
  type UpstreamOptions,
} from './client/upstreams/upstream-options.js';
export type { RetryOverride } from './retry/retry-override.js';
export type { RetryPolicy } from './settings/keys/retry-policy.js';

// Status: codes and errors
export { type CodeName, codeName } from './status/code.js';
export {
  aborted,
  alreadyExists,
  cancelled,
  dataLoss,
  deadlineExceeded,
  failedPrecondition,
  internal,
  invalidArgument,
  notFound,
  outOfRange,
  permissionDenied,
  resourceExhausted,
  unauthenticated,
  unavailable,
  unimplemented,
  unknown,
} from './status/factories.js';
export {
  StatusError,
  type StatusErrorOptions,
  type Upstream,
  type UpstreamPolicy,
} from './status/status-error.js';
export { status as StatusCode } from '@grpc/grpc-js';

// Status: details
export type * from './status/details/detail-types.js';
export {
  type DetailFields,
  anyDetail,
  badRequest,
  debugInfo,
  errorInfo,
  help,
  localizedMessage,
  preconditionFailure,
  quotaFailure,
  requestInfo,
  resourceInfo,
  retryInfo,
} from './status/details/details.js';

// Status: wire format and conversion of thrown errors
export {
  type ClassValidatorFailure,
  type StandardSchemaIssue,
  validationExceptionFactory,
} from './status/thrown/validation.js';
export {
  type FromServiceErrorOptions,
  findDetail,
  fromServiceError,
  isServiceError,
} from './status/wire/service-error.js';

// Logs, metrics and traces
export {
  type LogDestination,
  StreamDestination,
  type StreamDestinationOptions,
} from './logs/output/log-destination.js';
export { type Exposition, Meter, type MeterOptions } from './metrics/meter.js';
export type { ExportOutcome, SpanExporter } from './traces/export/span-exporter.js';
