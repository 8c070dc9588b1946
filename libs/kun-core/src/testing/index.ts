// First: see ../index.ts.
export { NodeVersionError } from '../node-version.js';

export { FakeCall, type FakeCallOptions } from './fake-call.js';
export { FakeClock } from './fake-clock.js';
export { LogRecorder, type LogLine } from './log-recorder.js';
export { RecordingDestination } from './recording-destination.js';
export { deferred, type Deferred } from './deferred.js';
export { KunTestingModule, type TestRuntime } from './kun-testing.module.js';
export type { Replacement } from './replacements.js';
export { startTestService, type TestService, type TestServiceOptions } from './start-service.js';
export { TestServiceError, type CompiledModule } from './testing-application.js';
