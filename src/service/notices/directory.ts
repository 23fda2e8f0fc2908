/** Where people and groups are reached, and who belongs to which group. */

export interface Address {
  readonly email?: string;
  /** An incoming webhook of Slack, or of anything that takes its format. */
  readonly slack?: string;
  /** Gets signed JSON; the secret has at least 32 bytes. */
  readonly webhook?: { readonly url: string; readonly secret: string };
}

export interface DirectoryOptions {
  /** By the name by which a person acts, the same as at sign-in. */
  readonly people?: { readonly [name: string]: Address & { readonly groups?: readonly string[] } };
  /** A group that is reached as a whole, as by a channel; its members are reached by their own addresses in any case. */
  readonly groups?: { readonly [name: string]: Address };
  /** Names of people and groups that are told of reviews anybody may decide. Default: nobody. */
  readonly unassigned?: readonly string[];
}

export interface Recipient {
  /** Of a person or a group. */
  readonly name: string;
  /** Whether links in the message may decide in this name: what a group reads together belongs to nobody. */
  readonly isPerson: boolean;
  readonly address: Address;
}

export interface Directory {
  /** Whom to tell, each once, if a review is assigned so; `null`: anybody may decide. */
  recipientsOf(assignees: readonly string[] | null): readonly Recipient[];
  /** `null`: nobody of this name is known. */
  groupsOf(name: string): readonly string[] | null;
}

export function createDirectory({
  people = {},
  groups = {},
  unassigned = [],
}: DirectoryOptions): Directory {
  const persons = new Map(Object.entries(people));
  const teams = new Map(Object.entries(groups));

  function* reached(name: string): Iterable<Recipient> {
    const person = persons.get(name);
    if (person !== undefined) yield { name, isPerson: true, address: person };
    const team = teams.get(name);
    if (team !== undefined) yield { name, isPerson: false, address: team };
    for (const [member, address] of persons) {
      if (address.groups?.includes(name) === true) yield { name: member, isPerson: true, address };
    }
  }

  return {
    recipientsOf(assignees) {
      const found = new Map<string, Recipient>();
      for (const name of assignees ?? unassigned) {
        for (const recipient of reached(name)) {
          found.set(`${recipient.isPerson ? 'person' : 'group'} ${recipient.name}`, recipient);
        }
      }
      return [...found.values()];
    },
    groupsOf: (name) => {
      const person = persons.get(name);
      return person === undefined ? null : (person.groups ?? []);
    },
  };
}
