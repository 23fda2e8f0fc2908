/** Events that go each of the three ways; none of them can be made up from the schema. */
export const fixtures = {
  inputs: [
    { doc_id: 'd-1', action: 'created', url: '/documents/d-1.md' },
    { doc_id: 'd-1', action: 'deleted' },
    { doc_id: 'd-1', action: 'archived' },
  ],
};
