/** API tokens: made, rotated, revoked. A secret is shown once. */
import { Alert, Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import type { api } from '../../../api/api.ts';
import type { AnswerOf } from '../../../api/route.ts';
import { client } from '../../data/client.ts';
import { CliCommands, CommandLine } from '../../parts/cli-command.tsx';
import { DataTable } from '../../parts/data-table.tsx';
import { notifyDone, notifyFailed } from '../../parts/notify.ts';
import { Failure, Loading } from '../../parts/states.tsx';
import { Tag } from '../../parts/status-badge.tsx';
import { Time } from '../../parts/time.tsx';
import { NewTokenDialog } from './new-token-dialog.tsx';

type Token = AnswerOf<typeof api.tokens.list>['tokens'][number];
type NewToken = AnswerOf<typeof api.tokens.create>;

export function Tokens() {
  const [isMaking, setIsMaking] = useState(false);
  const [made, setMade] = useState<NewToken | null>(null);
  const list = useQuery({
    queryKey: ['tokens'],
    queryFn: ({ signal }) => client.tokens.list({}, { signal }),
  });
  return (
    <section className="card" style={{ padding: 16 }} aria-labelledby="tokens">
      <Group justify="space-between" mb="xs">
        <Title order={2} id="tokens">
          API tokens
        </Title>
        <Button leftSection={<KeyRound size={14} aria-hidden />} onClick={() => setIsMaking(true)}>
          Make a token…
        </Button>
      </Group>
      <div role="status">
        {made !== null && (
          <Alert
            color="green"
            variant="light"
            mb="sm"
            title={`The secret of "${made.token.name}", shown this once`}
            withCloseButton
            closeButtonLabel="I have copied it"
            onClose={() => setMade(null)}
          >
            <CommandLine command={made.secret} />
          </Alert>
        )}
      </div>
      {list.isPending && <Loading rows={3} />}
      {list.isError && <Failure error={list.error} retry={() => void list.refetch()} />}
      {list.data?.tokens.length === 0 && (
        <Text size="sm" c="dimmed">
          There is none. Programs and the command line on other machines need one.
        </Text>
      )}
      {list.data !== undefined && list.data.tokens.length > 0 && (
        <DataTable
          label="Tokens"
          minWidth={600}
          columns={['Name', 'Role', 'Made', 'Last used', 'Ends', '']}
        >
          {list.data.tokens.map((token) => (
            <Row key={token.tokenId} token={token} onSecret={setMade} />
          ))}
        </DataTable>
      )}
      {isMaking && (
        <NewTokenDialog
          onClose={() => setIsMaking(false)}
          onMade={(next) => {
            setIsMaking(false);
            setMade(next);
          }}
        />
      )}
    </section>
  );
}

function Row({
  token,
  onSecret,
}: {
  readonly token: Token;
  readonly onSecret: (made: NewToken) => void;
}) {
  const queries = useQueryClient();
  const params = { tokenId: token.tokenId };
  const refresh = () => queries.invalidateQueries({ queryKey: ['tokens'] });
  const rotate = useMutation({
    mutationFn: () => client.tokens.rotate({ params, body: {} }),
    onSuccess(made) {
      onSecret(made);
      return refresh();
    },
    onError: (error) => notifyFailed('The token keeps its secret', error),
  });
  const revoke = useMutation({
    mutationFn: () => client.tokens.revoke({ params }),
    onSuccess() {
      notifyDone(`"${token.name}" is revoked`);
      return refresh();
    },
    onError: (error) => notifyFailed('The token was not revoked', error),
  });
  return (
    <Table.Tr>
      <Table.Td fw={600}>
        {token.name}
        {token.groups.length > 0 && (
          <Text size="xs" c="dimmed">
            {token.groups.join(', ')}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Stack gap={2} align="flex-start">
          <Tag tint="blue">{token.role}</Tag>
          {token.workflows !== null && <Text size="xs">{token.workflows.join(', ')}</Text>}
        </Stack>
      </Table.Td>
      <Table.Td>
        <Time at={token.createdAt} /> by {token.createdBy}
      </Table.Td>
      <Table.Td>{token.lastUsedAt === null ? 'never' : <Time at={token.lastUsedAt} />}</Table.Td>
      <Table.Td>
        {token.revokedAt !== null ? (
          <Tag tint="red">Revoked</Tag>
        ) : token.expiresAt === null ? (
          'never'
        ) : (
          <Time at={token.expiresAt} />
        )}
      </Table.Td>
      <Table.Td>
        {token.revokedAt === null && (
          <Group gap="xs" wrap="nowrap">
            <Button
              variant="default"
              aria-label={`Rotate ${token.name}`}
              loading={rotate.isPending}
              onClick={() => rotate.mutate()}
            >
              Rotate
            </Button>
            <Button
              variant="default"
              aria-label={`Revoke ${token.name}`}
              loading={revoke.isPending}
              onClick={() => revoke.mutate()}
            >
              Revoke
            </Button>
            <CliCommands
              commands={[
                { does: 'Rotate', args: ['token', 'rotate', token.tokenId] },
                { does: 'Revoke', args: ['token', 'revoke', token.tokenId] },
              ]}
            />
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
