/** What a gateway is started with. */
import type { Trust } from './reload/compile.ts';
import type { ElsewhereOptions } from './reload/elsewhere/elsewhere.ts';

export interface GatewayOptions {
  /** The configuration's main file, or what people call the place that it comes from. */
  readonly file: string;
  /** That place, if it is no file. */
  readonly elsewhere?: ElsewhereOptions | undefined;
  /** Files laid over it, the later over the earlier. */
  readonly overlays?: readonly string[];
  /** Whose signature the file must have: then it is an artifact, at the start and at every reload. */
  readonly trust?: Trust | undefined;
  /** Where what was served is kept. */
  readonly state?: StateOptions | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** File descriptor or path that log lines go to; standard error by default. */
  readonly logTo?: number | string;
  /** The only server, which {@link Gateway.serveStdio} serves; no listener is bound. */
  readonly stdio?: string;
}

export interface StateOptions {
  readonly folder: string;
  /** How many artifacts are kept. */
  readonly count: number;
  /** Whether to start from the newest if the file cannot be compiled. */
  readonly startFromLast: boolean;
}
