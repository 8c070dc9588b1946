export { deferred, type Deferred } from './deferred.js';
export { FakeClock } from './fake-clock.js';
export { LogRecorder, type LogLine } from './log-recorder.js';
export { startTestService, type TestService } from './start-service.js';
