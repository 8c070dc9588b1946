// First: see ../index.ts.
export { NodeVersionError } from '../node-version.js';

// A whole service, and what Nest's own testing module needs for one
export { KunTestingModule, type TestRuntime } from './kun-testing.module.js';
export type { Replacement } from './replacements.js';
export { startTestService, type TestService, type TestServiceOptions } from './start-service.js';
export { type CompiledModule, TestServiceError } from './testing-application.js';

// Interceptors by themselves
export { FakeCall, type FakeCallOptions } from './fake-call.js';

// Time and order
export { type Deferred, deferred } from './deferred.js';
export { FakeClock } from './fake-clock.js';

// What was logged
export { type LogLine, LogRecorder } from './log-recorder.js';
