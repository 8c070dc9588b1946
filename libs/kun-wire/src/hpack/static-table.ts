import { HeaderField } from './header-list.js';

/** RFC 7541, appendix A; one field per line, in order. */
const FIELDS = `
:authority
:method GET
:method POST
:path /
:path /index.html
:scheme http
:scheme https
:status 200
:status 204
:status 206
:status 304
:status 400
:status 404
:status 500
accept-charset
accept-encoding gzip, deflate
accept-language
accept-ranges
accept
access-control-allow-origin
age
allow
authorization
cache-control
content-disposition
content-encoding
content-language
content-length
content-location
content-range
content-type
cookie
date
etag
expect
expires
from
host
if-match
if-modified-since
if-none-match
if-range
if-unmodified-since
last-modified
link
location
max-forwards
proxy-authenticate
proxy-authorization
range
referer
refresh
retry-after
server
set-cookie
strict-transport-security
transfer-encoding
user-agent
vary
via
www-authenticate
`;

/** The static table, which both ends know; the first field has index 1. */
export const STATIC_TABLE: readonly HeaderField[] = FIELDS.trim()
  .split('\n')
  .map((line) => {
    const space = line.indexOf(' ');
    return space < 0
      ? new HeaderField(line, '')
      : new HeaderField(line.slice(0, space), line.slice(space + 1));
  });

/** The number of static fields; the dynamic table follows them. */
export const STATIC_FIELDS = 61;
