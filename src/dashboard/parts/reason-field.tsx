import { TextInput } from '@mantine/core';

/** Why somebody does what a dialog is about. */
export function ReasonField({
  description = 'Stands in the history',
  value,
  onChange,
  isRequired = false,
  isFirst = true,
}: {
  /** Where the reason will be found. */
  readonly description?: string;
  readonly value: string;
  readonly onChange: (reason: string) => void;
  readonly isRequired?: boolean;
  /** Of what is filled in: it has the focus when the dialog opens. */
  readonly isFirst?: boolean;
}) {
  return (
    <TextInput
      label="Reason"
      description={description}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      maxLength={2_000}
      required={isRequired}
      {...(isFirst ? { 'data-autofocus': true } : {})}
    />
  );
}
