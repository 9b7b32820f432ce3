/** What a version control system leaves in a file that it could not merge. */
import type { Report } from '../diagnostics/report.ts';
import type { Place, SourceFile } from './source-file.ts';

const MARKER = /^(<{7}|={7}|>{7})(?: [^\r\n]*)?$/gm;

/** Reports the first conflict of a file that is no YAML; whether there is one. */
export const reportMergeConflict = (file: SourceFile, report: Report): boolean => {
  const markers = [...file.text.matchAll(MARKER)];
  const placeOf = (sign: string, after: number): Place | undefined => {
    const marker = markers.find(({ 1: found, index }) => found?.[0] === sign && index >= after);
    return marker && { file, start: marker.index, end: marker.index + marker[0].length };
  };
  const ours = placeOf('<', 0);
  const theirs = ours && placeOf('=', ours.end);
  const end = theirs && placeOf('>', theirs.end);
  if (!ours || !theirs || !end) return false;
  const labels = [
    { place: theirs, text: 'the other side starts here' },
    { place: end, text: 'the conflict ends here' },
  ];
  report('GW0022', ours, {}, { labels });
  return true;
};
