/** `listeners.*.headers`: the security headers of every response. */
import { Type } from 'typebox';
import { closed, duration, flag, oneOf, optional } from './value.ts';

const word = (description: string, fallback: string) =>
  optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Literal(false)], { description, default: fallback }),
  );

/** Fifteen options, each of which sets exactly one header; `false` leaves its header out. */
export const ResponseHeaders = closed(
  {
    preset: optional(
      oneOf(['strict', 'none'], {
        description:
          '`strict` sets every header at its safest value, `none` sets only those that are written out.',
        default: 'strict',
      }),
    ),
    contentTypeOptions: word('X-Content-Type-Options.', 'nosniff'),
    frameOptions: word('X-Frame-Options.', 'DENY'),
    downloadOptions: word('X-Download-Options.', 'noopen'),
    contentSecurityPolicy: word('Content-Security-Policy.', "default-src 'none'; frame-ancestors 'none'"),
    hsts: optional(
      Type.Union(
        [
          closed(
            {
              maxAge: optional(
                duration({
                  description: 'How long browsers keep to https.',
                  default: '365d',
                  'x-literal': true,
                }),
              ),
              includeSubDomains: optional(
                flag({ description: 'Whether sub-domains are included.', default: true, 'x-literal': true }),
              ),
              preload: optional(
                flag({
                  description: 'Whether the host may be put on preload lists.',
                  default: false,
                  'x-literal': true,
                }),
              ),
            },
            { description: 'Strict-Transport-Security.' },
          ),
          Type.Literal(false),
        ],
        { description: 'Strict-Transport-Security; sent over TLS only.', default: {} },
      ),
    ),
    referrerPolicy: word('Referrer-Policy.', 'no-referrer'),
    permissionsPolicy: word('Permissions-Policy.', 'camera=(), geolocation=(), microphone=()'),
    crossOriginOpenerPolicy: word('Cross-Origin-Opener-Policy.', 'same-origin'),
    crossOriginResourcePolicy: word('Cross-Origin-Resource-Policy.', 'same-origin'),
    crossOriginEmbedderPolicy: word('Cross-Origin-Embedder-Policy.', 'require-corp'),
    originAgentCluster: word('Origin-Agent-Cluster.', '?1'),
    permittedCrossDomainPolicies: word('X-Permitted-Cross-Domain-Policies.', 'none'),
    dnsPrefetchControl: word('X-DNS-Prefetch-Control.', 'off'),
    xssProtection: word('X-XSS-Protection.', '0'),
    cacheControl: word('Cache-Control of answers that name none themselves.', 'no-store'),
  },
  { description: 'Security headers of every response, those of errors included.', default: {} },
);
