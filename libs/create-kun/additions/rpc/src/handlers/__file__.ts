import { unimplemented, type Handlers } from '@kun/core';
import { Controller } from '@nestjs/common';
import { __decorator__ } from '@nestjs/microservices';
import type { __Rpc__Request, __Rpc__Response, __Implementation__ } from '../gen/__gen__.js';

@Controller()
export class __Rpc__Handler implements Pick<Handlers<__Implementation__>, '__method__'> {
  @__decorator__('__ProtoService__')
  __method__(_request: __request_type__): __response_type__ {
    throw unimplemented('__Rpc__ is not written yet');
  }
}
