import { describe, expect, it } from 'vitest';
import { element } from '../../src/diagram/xml.ts';

describe('element', () => {
  it('escapes texts and values, but not the elements inside', () => {
    const inner = element('b', { title: `"'<&>` }, '<i>&amp;');

    expect(element('a', {}, inner).markup).toBe(
      '<a><b title="&quot;&#39;&lt;&amp;&gt;">&lt;i&gt;&amp;amp;</b></a>',
    );
  });

  it('replaces what no XML document may hold', () => {
    expect(element('a', {}, 'x\u0000\u001B\uD800\uFFFEy🚂\t\n').markup).toBe(
      '<a>x\uFFFD\uFFFD\uFFFD\uFFFDy🚂\t\n</a>',
    );
  });

  it('leaves out attributes without a value', () => {
    expect(element('a', { x: 0, y: undefined }).markup).toBe('<a x="0"/>');
  });
});
