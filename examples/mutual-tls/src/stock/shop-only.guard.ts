import { callerIdentity, permissionDenied } from '@kun/core';
import { Injectable, type CanActivate } from '@nestjs/common';

const SHOP = 'spiffe://examples/shop';

/** Lets the shop in, by the name in its certificate. That the authority vouches for it was seen in the handshake. */
@Injectable()
export class ShopOnly implements CanActivate {
  canActivate(): true {
    const uris = callerIdentity()?.uris ?? [];
    if (!uris.includes(SHOP)) throw permissionDenied(`only ${SHOP} may ask`);
    return true;
  }
}
