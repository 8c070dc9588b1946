import { z } from 'zod';
import { routePatternProblem } from '../../grammar/route-name.js';
import { key } from '../declare.js';
import { section } from '../section.js';
import { text } from '../values.js';

/** The section `Routing`: the metadata by which a proxy chooses the version of a service. */
export const routing = section('routing', {
  Allow: key('allow', z.array(text(routePatternProblem)).default([]), {
    description:
      'Names of metadata that travel on from incoming calls to the calls made for them, such as AccountId; x-route-* allows all names with that prefix. Nothing else is forwarded',
    reload: 'restart',
  }),
});
