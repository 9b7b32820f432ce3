/** The faults by name. */
export type FaultName =
  | 'upstream killed'
  | 'upstream halted'
  | 'asking upstream killed'
  | 'stdio child killed'
  | 'thread killed'
  | 'store stopped'
  | 'store halted'
  | 'disk full'
  | 'clock jump'
  | 'reload'
  | 'reload of a broken file'
  | 'reload that cannot be';
