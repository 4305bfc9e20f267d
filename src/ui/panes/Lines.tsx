import { Text } from 'ink';
import { memo } from 'react';
import { clip } from '../theme/text.js';

/** Ready lines as one text: cut to the width, never more than the height. */
export const Lines = memo(function Lines({
  lines,
  width,
  height,
}: {
  lines: readonly string[];
  width: number;
  height: number;
}) {
  const shown = lines.slice(0, Math.max(0, height)).map((line) => clip(line, width) || ' ');
  return shown.length === 0 ? null : <Text wrap="truncate-end">{shown.join('\n')}</Text>;
});
