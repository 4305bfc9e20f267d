import { Text } from 'ink';
import SelectInput from 'ink-select-input';
import { createContext, useContext } from 'react';
import { useUi } from '../app/context.js';
import { clip } from '../theme/text.js';
import { glyph } from '../theme/theme.js';

export interface ListItem {
  label: string;
  value: string;
}

interface Props {
  items: readonly ListItem[];
  width: number;
  height: number;
  initial?: number;
  /** Lines that each item takes; labels may start with a line break to stand apart. */
  lines?: number;
  active?: boolean;
  onSelect(value: string, index: number): void;
  onHighlight?(value: string, index: number): void;
}

const Width = createContext(80);

/** ink-select-input in the product's looks: one cursor glyph, lines cut to the width. */
export function List({ items, width, height, initial = 0, active = true, onSelect, onHighlight }: Props) {
  const index = (value: string) => items.findIndex((item) => item.value === value);
  const breaks = items.filter(({ label }) => label.startsWith('\n')).length;
  return (
    <Width.Provider value={width}>
      <SelectInput
        items={items.map((item) => ({ ...item, key: item.value }))}
        isFocused={active}
        initialIndex={Math.max(0, Math.min(initial, items.length - 1))}
        limit={Math.max(1, height - breaks)}
        indicatorComponent={NoIndicator}
        itemComponent={Item}
        onSelect={({ value }) => onSelect(value, index(value))}
        onHighlight={(item) => item !== undefined && onHighlight?.(item.value, index(item.value))}
      />
    </Width.Provider>
  );
}

function NoIndicator() {
  return null;
}

function Item({ isSelected = false, label }: { isSelected?: boolean; label: string }) {
  const { theme } = useUi();
  const width = useContext(Width);
  const gap = label.startsWith('\n') ? '\n' : '';
  const text = clip(`${isSelected ? glyph.cursor : ' '} ${gap === '' ? label : label.slice(1)}`, width);
  return (
    <Text wrap="truncate-end">
      {gap}
      {isSelected ? theme.paint('selected', text) : text}
    </Text>
  );
}
