import { basename } from 'node:path';

/** A service's names, in the forms that npm, Kubernetes, protobuf and TypeScript require. */
export interface ServiceNames {
  /** In package.json: `@acme/order-book`. */
  readonly name: string;
  /** In kun, Kubernetes and `conf/`: `order-book`. */
  readonly service: string;
  /** `acme.order_book.v1` */
  readonly protoPackage: string;
  /** The proto's folder, as `buf lint` requires it: `acme/order_book/v1`. */
  readonly protoPath: string;
  /** `order_book` */
  readonly protoFile: string;
  /** `OrderBook`, for the service `OrderBookService`. */
  readonly proto: string;
}

/** Derives all names of a service from the two that the user chooses. */
export function serviceNames(name: string, protoPackage: string): ServiceNames {
  const [, base = ''] = /([^/]+)$/.exec(name) ?? [];
  const service = base.replaceAll(/[._~]+/g, '-').replaceAll(/-+/g, '-');
  const words = service.split('-').filter((word) => word !== '');
  // `order-service` gets an OrderService, not an OrderServiceService.
  const own = words.length > 1 && words.at(-1) === 'service' ? words.slice(0, -1) : words;
  return {
    name,
    service,
    protoPackage,
    protoPath: protoPackage.replaceAll('.', '/'),
    protoFile: words.join('_'),
    proto: own.map((word) => word[0]?.toUpperCase() + word.slice(1)).join(''),
  };
}

/** What is wrong with a package name, if anything; it becomes a name in npm, Kubernetes and protobuf. */
export function nameProblem(name: string, taken: readonly string[] = []): string | undefined {
  const [, scope, base = ''] = /^(?:@([^/]*)\/)?(.*)$/s.exec(name) ?? [];
  if (scope !== undefined && !/^[a-z0-9][a-z0-9._-]*$/.test(scope))
    return `the scope of ${shown(name)} is not one of npm's`;
  if (!/^[a-z]/.test(base)) return `${shown(name)} must begin with a small letter`;
  if (!/^[a-z0-9._-]+$/.test(base)) {
    return `${shown(name)} may have small letters, digits, "-", "." and "_" only`;
  }
  if (!/[a-z0-9]$/.test(base)) return `${shown(name)} must end with a letter or a digit`;
  if (base.length > 63) return `${shown(name)} has more than the 63 characters that Kubernetes allows`;
  if (base === 'node_modules' || taken.includes(name)) return `${shown(name)} is the name of something else`;
  return undefined;
}

/** What is wrong with a proto package, if anything. */
export function protoPackageProblem(protoPackage: string): string | undefined {
  const wrong = protoPackage.split('.').find((part) => !/^[a-z][a-z0-9_]*$/.test(part));
  if (wrong !== undefined) {
    return `the proto package ${shown(protoPackage)} must be words of small letters, digits and "_" with dots between them`;
  }
  if (protoPackage.startsWith('google.protobuf'))
    return `the proto package ${shown(protoPackage)} is Google's`;
  return undefined;
}

/** What `buf lint` needs to know about a proto package: nothing, or that it has no version on purpose. */
export function lintExcept(protoPackage: string): string {
  return VERSION.test(protoPackage)
    ? ''
    : '\n  # The package was named without a version.\n  except: [PACKAGE_VERSION_SUFFIX]';
}

/** The last part of a package name, as `buf lint` accepts it: v1, v1beta1, v1p1alpha2, v1test. */
const VERSION = /\.v[1-9]\d*(?:(?:p[1-9]\d*)?(?:alpha|beta)(?:[1-9]\d*)?|test\w*)?$/;

/** The closest valid name: `My App` becomes `my-app`. */
export function likelyName(directory: string): string {
  const text = basename(directory)
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    // OrderBook is two words.
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, '-')
    .replaceAll(/^[^a-z]+|[^a-z0-9]+$/g, '')
    .slice(0, 63)
    .replace(/[^a-z0-9]+$/, '');
  return nameProblem(text) === undefined ? text : 'my-service';
}

/** `acme.order_book.v1` for `@acme/order-book`. */
export function likelyProtoPackage(name: string): string {
  const parts = name.replace(/^@/, '').split('/');
  const words = parts.map((part) => part.replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^[^a-z]+|_+$/g, ''));
  return [...words.filter((word) => word !== ''), 'v1'].join('.');
}

function shown(name: string): string {
  return JSON.stringify(name);
}
