// First: on a Node that kun cannot run on, nothing else shall be loaded.
export { NodeVersionError, SUPPORTED_NODE } from './node-version.js';

// For users
export { status as StatusCode } from '@grpc/grpc-js';
export { KunFactory, type RunOptions } from './app/factory.js';
export { MetadataError } from './app/missing-metadata.js';
export { EntranceError } from './wiring/entrance.js';
export { ModuleOptionsError } from './wiring/check-options.js';
export { KunModule } from './wiring/kun.module.js';
export type { KunModuleAsyncOptions } from './wiring/async-options.js';
export type { KunModuleOptions, KunRuntime } from './wiring/options.js';
export { KUN_SETTINGS, KUN_TRACING } from './wiring/tokens.js';
export { RootModuleError, type KunApplication, type KunControls } from './app/application.js';
export type { OpenPorts } from './app/phases.js';
export { Identity, type IdentityFields, type Pod } from './identity/identity.js';
export { readIdentity } from './identity/read-identity.js';
export { IdentityError, type IdentityProblem } from './identity/identity-error.js';
export { Lifecycle, StartError, type LifecycleState } from './lifecycle/lifecycle.js';
export type { StopReport, PhaseReport } from './lifecycle/phase.js';
export { Liveness } from './lifecycle/liveness.js';
export {
  Readiness,
  type ReadinessNote,
  type ReadinessPhase,
  type ReadinessState,
} from './lifecycle/readiness.js';
export { Startup } from './lifecycle/startup.js';
export type { Check, CheckOptions } from './lifecycle/checks.js';
export { contextKey, type ContextKey } from './rpc/context-key.js';
export { currentCall, inCall } from './rpc/current-call.js';
export { only, type MethodSelector } from './rpc/only.js';
export { NO_ROUTES, type Routes } from './rpc/routes.js';
export { routes } from './routing/route-scope.js';
export type { RouteChanges } from './routing/route-changes.js';
export { RouteError } from './routing/route-changes.js';
export { KunClientModule, type UpstreamAsyncOptions } from './client/upstreams/kun-client.module.js';
export { UpstreamError, type UpstreamOptions } from './client/upstreams/upstream-options.js';
export { detach } from './client/call/detach.js';
export {
  InjectClient,
  InjectNestClient,
  clientToken,
  nestClientToken,
} from './client/upstreams/inject-client.js';
export type { RetryOverride } from './retry/retry-override.js';
export { RETRY_POLICIES, type RetryPolicy } from './settings/keys/retry-policy.js';
export type { CallOptions } from './client/call/call-options.js';
export type { MetadataInput, MetadataInputValue } from './client/call/call-metadata.js';
export { CallArgumentError } from './client/call/call-argument-error.js';
export type { Ending } from './rpc/rpc-call.js';
export type { CallHandler, Interceptor } from './rpc/interceptor.js';
export { InterceptorError, type KunInterceptor } from './rpc/injectable-interceptor.js';
export type { MessageObserver, RpcCall } from './rpc/rpc-call.js';
export type { RpcKind, RpcMethod } from './rpc/rpc-method.js';
export { Tags, type TagValue } from './rpc/tags.js';
export { EachMessage } from './server/answer/nest/message-types.js';
export type { Handlers } from './server/answer/handlers.js';
export { MessageParameterError } from './server/answer/nest/unchecked-messages.js';
export { NestPipelineError } from './server/answer/nest/nest-pipeline.js';
export { nanosOf } from './proto/values/exact-date.js';
export { MessageMisfitError } from './proto/values/message-misfit.js';
export { ProtoError, type ProtoForms, type ProtoSource } from './proto/files/proto-source.js';
export { callerIdentity } from './server/call/caller-identity.js';
export { HandlerCoverageError } from './server/answer/nest/handler-coverage.js';
export { ListenError } from './server/port/listener.js';
export { ChannelOptionError, type GrpcChannelOptions } from './transport/channel-options.js';
export { AdminPortError } from './admin/admin-port-error.js';
export { settingsSchema, type Settings } from './settings/settings.js';
export type { PortOverrides } from './settings/declare.js';
export type { Live } from './settings/live.js';
export type { ResolvedSettings } from './settings/resolve-settings.js';
export {
  codeName,
  goCodeName,
  isErrorCode,
  STATUS_CODES,
  type CodeName,
  type GoCodeName,
} from './status/code.js';
export type * from './status/details/detail-types.js';
export {
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
  type DetailFields,
} from './status/details/details.js';
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
export { codeOfHttpStatus, httpStatusOf } from './status/http-status.js';
export {
  findDetail,
  fromServiceError,
  isServiceError,
  type FromServiceErrorOptions,
} from './status/wire/service-error.js';
export { StatusError, type StatusErrorOptions } from './status/status-error.js';
export { STATUS_FILTER_OPTIONS, StatusFilter } from './status/thrown/status.filter.js';
export { toStatusJson, type StatusJson } from './status/status-json.js';
export { toStatusError, type ToStatusErrorOptions } from './status/thrown/to-status-error.js';
export { toTrailers, type ToTrailersOptions } from './status/wire/trailers.js';
export { DEFAULT_UPSTREAM_POLICY, type Upstream, type UpstreamPolicy } from './status/status-error.js';
export { validationExceptionFactory, type StandardSchemaIssue } from './status/thrown/validation.js';
export { ApplicationLogger } from './logs/application-logger.js';
export { StreamDestination } from './logs/output/log-destination.js';
export { Meter } from './metrics/meter.js';
export { MissingPackageError } from './optional-package.js';
export type { RedactionPath } from './logs/redaction.js';
export { CallContextManager } from './traces/trace-context.js';
export type { ExportOutcome, SpanExporter } from './traces/span-exporter.js';
export type { Tracing } from './traces/tracing.js';
export type { LogDestination } from './logs/output/log-destination.js';
export type { PeerIdentity } from './tls/peer-identity.js';
