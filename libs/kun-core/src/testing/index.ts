// First: see ../index.ts.
export { NodeVersionError } from '../node-version.js';

// A whole service, with ports or in-process, and what Nest's own testing module needs for one
export { KunTestingModule, type TestRuntime } from './service/kun-testing.module.js';
export type { Replacement } from './service/replacements.js';
export {
  type InProcessOptions,
  startInProcess,
  startTestService,
  type TestRoot,
  type TestServiceOptions,
} from './service/start-service.js';
export type { InProcessService, StoppingService, TestService } from './service/running-service.js';
export { CallRecorder, type RecordedCall } from './service/call-recorder.js';
export { type CompiledModule, TestServiceError } from './service/testing-application.js';

// Its upstreams
export { startTestUpstream, TestUpstream, type TestUpstreamOptions } from './upstream/test-upstream.js';
export type { FaultScope } from './upstream/call-faults.js';
export type { TestHandlers } from './upstream/test-handlers.js';

// Interceptors in isolation
export { FakeCall, type FakeCallOptions } from './fake-call.js';

// Time and order
export { type Deferred, deferred } from './deferred.js';
export { FakeClock } from './fake-clock.js';

// What was logged, counted and traced
export { type LogLine, LogRecorder } from './log-recorder.js';
export { expectLine, expectNoLine } from './expect/expect-line.js';
export { expectMetric, type MetricsText, readMetric } from './expect/expect-metric.js';
export { expectSpan, type RecordedSpan, SpanRecorder } from './expect/span-recorder.js';
export type { Expected } from './expect/expected.js';

// What outlives a test
export { type LeakWatch, TestLeakError, watchLeaks } from './watch-leaks.js';
