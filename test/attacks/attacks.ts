import type { Attack } from './attack.ts';
import { floods } from './attacks/floods.ts';
import { hoards } from './attacks/hoards.ts';
import { resets } from './attacks/resets.ts';
import { slowness } from './attacks/slowness.ts';

/** What the normal caller and the probe cost by themselves. */
const NONE: Attack = {
  name: 'none',
  what: 'nothing',
  refused: [],
  cut: false,
  run: (campaign) => campaign.hold([campaign.connect()]),
};

export const ATTACKS: readonly Attack[] = [NONE, ...resets, ...floods, ...slowness, ...hoards];

/** The attack of a name. */
export function attackNamed(name: string): Attack {
  const attack = ATTACKS.find((one) => one.name === name);
  if (!attack)
    throw new Error(`no attack is called ${name}; there are ${ATTACKS.map((one) => one.name).join(', ')}`);
  return attack;
}
