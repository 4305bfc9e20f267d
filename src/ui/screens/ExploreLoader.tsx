import { Text } from 'ink';

export function ExploreLoader(_props: { columns: number; rows: number }) {
  return <Text>Explore</Text>;
}
