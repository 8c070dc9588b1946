import { Controller, Get } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Liveness } from '../lifecycle/liveness.js';
import { Readiness } from '../lifecycle/readiness.js';
import { Startup } from '../lifecycle/startup.js';

/** The probes of Kubernetes: 200 or 503, with a JSON body that names each check. */
@Controller()
export class ProbesController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly liveness: Liveness,
    private readonly readiness: Readiness,
    private readonly startup: Startup,
  ) {}

  @Get('livez')
  livez(): Promise<HealthCheckResult> {
    return this.health.check([() => this.liveness.report()]);
  }

  @Get('readyz')
  readyz(): Promise<HealthCheckResult> {
    return this.health.check([() => this.readiness.report()]);
  }

  @Get('startupz')
  startupz(): Promise<HealthCheckResult> {
    return this.health.check([() => this.startup.report()]);
  }
}
