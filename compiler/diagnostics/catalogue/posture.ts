/** GW4xxx: what is unsafe although it would work. */
import { entry } from '../entry.ts';

export const POSTURE = {
  GW4001: entry<{ server: string; listener: string; bind: string }>({
    severity: 'error',
    inDevelopment: 'warning',
    title: 'Anonymous server beyond loopback',
    message: ({ server }) => `anybody on the network can call server \`${server}\``,
    help: () => ['give the server an `identity`, or bind its listener to `127.0.0.1`'],
    note: ({ listener, bind }) => [`listener \`${listener}\` is reachable at \`${bind}\``],
    lowerable: true,
  }),
  GW4002: entry<{ identity: string; server: string; listener: string }>({
    severity: 'error',
    inDevelopment: 'warning',
    title: 'Tokens without an audience',
    message: ({ identity, server }) =>
      `no token can be meant for server \`${server}\`: identity \`${identity}\` names no \`audience\``,
    help: ({ listener }) => [`give listener \`${listener}\` its \`url\`, or the identity an \`audience\``],
    note: () => ['without `audience`, tokens are for the URL of the server that is called (RFC 8707)'],
    lowerable: true,
  }),
  GW4003: entry<{ listener: string }>({
    severity: 'error',
    title: 'Every web origin allowed',
    message: ({ listener }) =>
      `every web page may call listener \`${listener}\` through its visitors' browsers`,
    help: () => ['list the origins that may call, such as `https://app.example.com`'],
    lowerable: true,
  }),
  GW4006: entry<{ url: string; what: string }>({
    severity: 'error',
    inDevelopment: 'warning',
    title: 'Clear text beyond loopback',
    message: ({ what, url }) => `${what} is reached in clear text: \`${url}\``,
    help: () => ['use `https://`'],
    note: () => ['who sits between the two can read and change what is said'],
    lowerable: true,
  }),
  GW4008: entry<{ range: string }>({
    severity: 'warning',
    title: 'Allowlist that allows all',
    message: ({ range }) => `\`${range}\` allows every address`,
    help: () => ['list the ranges that may connect, or remove `allow`'],
    lowerable: true,
  }),
  GW4009: entry<{ range: string; prefix: number; least: number }>({
    severity: 'warning',
    title: 'Too many trusted proxies',
    message: ({ range }) => `\`${range}\` trusts too many addresses to say who the client is`,
    help: ({ least }) => [`list the proxies themselves, or ranges of /${least} and narrower`],
    note: () => ['a trusted proxy can claim any client address, and pass rules and limits that go by it'],
    lowerable: true,
  }),
  GW4010: entry<{ what: string; kind: string }>({
    severity: 'error',
    title: 'Secret in the configuration',
    message: ({ what, kind }) => `\`${what}\` looks like ${kind}`,
    help: () => ['refer to it: `${file:/run/secrets/name}` or `${env:NAME}`'],
    note: () => ['configurations end up in version control, in backups and on screens'],
    lowerable: true,
  }),
  GW4011: entry<{ server: string; upstream: string }>({
    severity: 'warning',
    title: 'Every tool of a foreign upstream',
    message: ({ server, upstream }) =>
      `server \`${server}\` offers whatever tools upstream \`${upstream}\` thinks of, to every caller`,
    help: () => ['list the tools in `tools: { allow: [...] }`, or give the server `policies`'],
    note: () => ['the upstream is not yours: a tool that it adds tomorrow is served tomorrow'],
    lowerable: true,
  }),
  GW4013: entry<{ server: string; example: string }>({
    severity: 'warning',
    title: 'Public server without a rate limit',
    message: ({ server }) => `nothing bounds how often server \`${server}\` is called`,
    help: ({ example }) => [`name \`${example}\`, or another limit of type \`rate\`, in its \`limits\``],
    note: () => ['it can be reached from the network, and other servers that can are limited'],
    lowerable: true,
  }),
  GW4014: entry<{ shell: string; upstream: string }>({
    severity: 'error',
    title: 'Upstream started through a shell',
    message: ({ shell, upstream }) => `upstream \`${upstream}\` is started through the shell \`${shell}\``,
    help: () => ['name the program and its arguments, each as an item of `command`'],
    note: () => ['a shell reads quotes, variables and `;` in what it is given, and may outlive its child'],
    lowerable: true,
  }),
  GW4015: entry<{ listener: string; bind: string }>({
    severity: 'error',
    title: 'Operations listener open to the network',
    message: ({ listener, bind }) =>
      `operations listener \`${listener}\` is reachable at \`${bind}\` without identity`,
    help: () => [
      'add `identity: [...]`, or bind it to `127.0.0.1`',
      'or write `anonymous: true` if anybody may',
    ],
    lowerable: true,
  }),
  GW4016: entry<{ listener: string; services: string }>({
    severity: 'warning',
    title: 'Operations for anybody',
    message: ({ listener, services }) =>
      `anybody on the network can use ${services} of listener \`${listener}\``,
    help: () => ['serve these on a listener on `127.0.0.1`, or ask for an `identity`'],
    lowerable: true,
  }),
  GW4019: entry<object>({
    severity: 'warning',
    title: 'Debug log in production',
    message: () => 'the log tells in production what is for debugging',
    help: () => ['write `level: info`, or `profile: development` where it is none'],
    note: () => ['it is long, and tells of callers what nobody asked to keep'],
    lowerable: true,
  }),
  GW4020: entry<{ deadline: string; isZero: boolean }>({
    severity: 'warning',
    title: 'Drain that cuts or never ends',
    message: ({ deadline, isZero }) =>
      isZero
        ? 'each change of the configuration cuts every call and stream at once'
        : `replaced configurations stay alive for up to \`${deadline}\``,
    help: () => ['write some minutes, such as `5m`'],
    note: ({ isZero }) => [
      isZero ? undefined : 'whoever lost a permission may keep it for as long in an open stream',
    ],
    lowerable: true,
  }),
  GW4021: entry<{ listener: string; bind: string }>({
    severity: 'error',
    inDevelopment: 'warning',
    title: 'Credentials in clear text',
    message: ({ listener }) => `callers send their credentials to listener \`${listener}\` in clear text`,
    help: () => [
      'add `tls`',
      'or, behind a proxy that speaks TLS, give the `https://` address as `url` and the proxy in `trustedProxies`',
    ],
    note: ({ bind }) => [`\`${bind}\` is reachable from the network`],
    lowerable: true,
  }),
  GW4022: entry<{ url: string }>({
    severity: 'warning',
    title: 'Store in clear text beyond loopback',
    message: ({ url }) => `the store is reached in clear text: \`${url}\``,
    help: () => ['use `rediss://`'],
    note: () => ['who sits between the two can read its password, and reset what is counted'],
    lowerable: true,
  }),
  GW4090: entry<{ problem: string }>({
    severity: 'error',
    title: 'Ignore comment that does not hold',
    message: ({ problem }) => problem,
    help: () => ['write `# gatewright-ignore GW4001: why this is safe here`'],
  }),
  GW4091: entry<{ code: string }>({
    severity: 'warning',
    title: 'Ignore comment without effect',
    message: ({ code }) => `no finding \`${code}\` here to ignore`,
    help: () => ['remove the comment'],
  }),
};
