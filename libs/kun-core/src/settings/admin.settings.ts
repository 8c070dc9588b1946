import { z } from 'zod';
import { address, setting } from './setting.js';

/** The section `Admin`: how the admin port is opened. Its number is kunapp's `AdminPort`. */
export const adminSettings = z.strictObject({
  Address: setting(address().optional(), {
    description:
      'Address the admin port listens on. Default: all interfaces, IPv6 and IPv4, since the kubelet and Prometheus ask from outside of the pod',
    reload: 'restart',
  }),
});

/** The section `Admin` as validated. */
export type AdminSettings = z.output<typeof adminSettings>;
