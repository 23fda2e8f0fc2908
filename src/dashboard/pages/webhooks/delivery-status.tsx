import { CircleCheck, CircleSlash, CircleX, Clock3 } from 'lucide-react';
import { Tag } from '../../parts/status-badge.tsx';

const looks = {
  accepted: { tint: 'blue', icon: Clock3, label: 'Accepted' },
  done: { tint: 'green', icon: CircleCheck, label: 'Done' },
  ignored: { tint: 'neutral', icon: CircleSlash, label: 'Ignored' },
  dead: { tint: 'red', icon: CircleX, label: 'Dead letter' },
} as const;

export function DeliveryStatus({ status }: { readonly status: keyof typeof looks }) {
  const { tint, icon, label } = looks[status];
  return (
    <Tag tint={tint} icon={icon}>
      {label}
    </Tag>
  );
}
