import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Phase } from '../../lifecycle/phase.js';
import { addedStepsWarning, type StopStep } from '../../lifecycle/stop-plan.js';
import { applicationParts, type DeclaredPhase, type OpenPorts, type WantedParts } from './parts.js';
import { adminPort, grpcPort, httpPort, microservicePorts } from './ports.js';
import { nestHooks, readyState, stopCallbacks, telemetry, upstreamChannels } from './resources.js';

/** The start order: dependencies become ready first, and the gRPC port opens last. */
export const START_ORDER: readonly DeclaredPhase[] = [
  // First, so that probes can tell a slow start from a hung one.
  adminPort,
  // The user's providers. Their hooks may already call upstreams, because channels connect on demand.
  nestHooks,
  stopCallbacks,
  telemetry,
  // Upstreams that must be connected before the first call.
  upstreamChannels,
  grpcPort,
  httpPort,
  microservicePorts,
  readyState,
];

/**
 * The shutdown, in order: nothing is closed while a call can still use it, and probes and metrics answer until the end.
 * The lifecycle executes it, `checkStopPlan` sums its limits, and `npm run docs` prints it.
 */
export const STOP_PLAN: readonly DeclaredPhase[] = [
  readyState,
  grpcPort,
  httpPort,
  microservicePorts,
  stopCallbacks,
  nestHooks,
  upstreamChannels,
  telemetry,
  adminPort,
];

/** The phases of an application in start order; the shutdown follows {@link STOP_PLAN}. */
export function kunPhases(
  nest: NestExpressApplication,
  ports: { -readonly [P in keyof OpenPorts]: OpenPorts[P] },
  wanted: WantedParts = {},
): Phase[] {
  const parts = applicationParts(nest, ports, wanted);
  const phases = START_ORDER.flatMap((declared) => {
    const phase = declared.in(parts);
    return phase ? [{ name: declared.name, ...phase }] : [];
  });
  const has = (step: StopStep) => phases.some(({ name }) => name === step.name);
  const warning = addedStepsWarning(parts.settings, has, STOP_PLAN);
  if (warning !== undefined) parts.warnings.push(warning);
  return phases;
}
