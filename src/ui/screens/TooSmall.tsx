import { Box, Text } from 'ink';
import { MINIMUM } from '../state/layout.js';

/** What is needed and what is there; resizing is enough, and keys still work. */
export function TooSmall({ columns, rows, actual }: { columns: number; rows: number; actual: number }) {
  return (
    <Box
      width={columns}
      height={rows}
      overflow="hidden"
      flexDirection="column"
      alignItems="center"
      justifyContent="center"
    >
      <Text wrap="truncate-end" bold>
        The terminal is too small.
      </Text>
      <Text wrap="truncate-end">
        It has {columns} × {actual}, coreos-lab needs {MINIMUM.columns} × {MINIMUM.rows}.
      </Text>
      <Text wrap="truncate-end" dimColor>
        Make it larger, or press q to leave.
      </Text>
    </Box>
  );
}
