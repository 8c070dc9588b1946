import * as sections from './config/sections.js';

/** The service's own keys, beside kun's. */
export const schemas = Object.values(sections);
