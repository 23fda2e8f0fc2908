import { describe, expect, it } from 'vitest';
import { toMermaid } from '../../src/diagram/mermaid.ts';
import { plainIncident } from '../support/incident.ts';
import { hostile } from './samples.ts';

describe('toMermaid', () => {
  it('writes shapes and labels', () => {
    expect(toMermaid(plainIncident.plan).split('\n').slice(0, 12)).toEqual([
      'graph TD',
      '  start(["start"])',
      '  s_ingest["ingest<br/>ingest_alert"]',
      '  s_enrich["enrich<br/>enrich_with_device_data"]',
      '  s_diagnosis["diagnosis<br/>initial_diagnosis"]',
      '  s_approval{{"approval<br/>review · within 24h"}}',
      '  s_automated__fix["automated_fix<br/>execute_automated_fix"]',
      '  s_escalate["escalate<br/>escalate_to_engineer"]',
      '  s_report["report<br/>final_report"]',
      '  s_completion{{"closing review<br/>automatic"}}',
      '  complete(["complete"])',
      '  start --> s_ingest',
    ]);
    expect(toMermaid(plainIncident.plan)).toContain(
      '  s_approval -->|"not approved"| s_escalate\n',
    );
  });

  it('keeps labels from becoming markup or another statement', () => {
    const text = toMermaid(hostile.plan);

    expect(text).not.toMatch(/<(?!br\/>)|javascript:\s*alert\(1\)"\]/);
    expect(text).toContain('#quot;#lt;/text#gt;#lt;script#gt;');
    for (const line of text.trimEnd().split('\n').slice(1)) expect(line).toMatch(/^ {2}\w/);
  });
});
