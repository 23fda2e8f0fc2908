/** A drawing one can move about in: by pointer, by wheel, and by keyboard; its nodes are buttons. */
import { ActionIcon, Tooltip } from '@mantine/core';
import { Maximize, Minus, Plus } from 'lucide-react';
import {
  type KeyboardEvent,
  type PointerEvent,
  useCallback,
  useEffect,
  useRef,
  useState,
} from 'react';
import styles from './svg-view.module.css';

interface Place {
  readonly x: number;
  readonly y: number;
  /** Size on the screen by size of the drawing. */
  readonly scale: number;
}

const minScale = 0.15;
const maxScale = 4;
/** Below it the captions of the nodes cannot be read. */
const legibleScale = 0.85;
/** A little smaller is better than a chart that is cut off at the sides. */
const narrowScale = 0.6;
const stepPx = 60;

export function SvgView({
  svg,
  isChosen,
  onChoose,
  describeNode,
  shown = null,
}: {
  /** The document, drawn by the service. */
  readonly svg: string;
  /** Whether a node, by its `data-node`, is looked at. */
  readonly isChosen: (node: string) => boolean;
  readonly onChoose: (node: string) => void;
  /** What is read out for a node besides what is written on it; `null`: it cannot be opened. */
  readonly describeNode: (node: string) => string | null;
  /** A node that is brought into the middle, unless it can be seen, when another is named. */
  readonly shown?: string | null;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const sheet = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<Place>({ x: 0, y: 0, scale: 1 });
  const hasMoved = useRef(false);
  const drag = useRef<{ x: number; y: number; from: Place; isMoving: boolean } | null>(null);

  /** All of it; or, if that would be too small to read, where the run stands. */
  const show = useCallback(() => {
    const drawing = sheet.current?.querySelector('svg');
    const box = frame.current?.getBoundingClientRect();
    if (drawing == null || box === undefined) return;
    const { width, height } = sizeOf(drawing);
    const wide = (box.width - 24) / width;
    const whole = Math.min(wide, (box.height - 24) / height, 1.15);
    const legible = wide >= narrowScale ? Math.min(wide, legibleScale) : legibleScale;
    const scale = clamp(Math.max(whole, legible));
    const middle = standingAt(drawing) ?? { x: width / 2, y: 0 };
    const centred = (size: number, frameSize: number, at: number) =>
      size * scale <= frameSize - 24
        ? (frameSize - size * scale) / 2
        : Math.min(12, Math.max(frameSize - size * scale - 12, frameSize / 2 - at * scale));
    setPlace({
      scale,
      x: centred(width, box.width, middle.x),
      y: centred(height, box.height, middle.y),
    });
  }, []);

  const fit = () => {
    const drawing = sheet.current?.querySelector('svg');
    const box = frame.current?.getBoundingClientRect();
    if (drawing == null || box === undefined) return;
    const { width, height } = sizeOf(drawing);
    const scale = clamp(Math.min((box.width - 24) / width, (box.height - 24) / height, 1.15));
    setPlace({
      scale,
      x: (box.width - width * scale) / 2,
      y: Math.max(12, (box.height - height * scale) / 2),
    });
    hasMoved.current = true;
  };

  useEffect(() => {
    const target = sheet.current;
    if (target === null) return;
    const drawing = parse(svg);
    if (drawing === null) return;
    drawing.setAttribute('role', 'group');
    for (const node of drawing.querySelectorAll('[data-node]')) {
      const description = describeNode(node.getAttribute('data-node') ?? '');
      if (description === null) continue;
      // Its name is what is written on it, word by word.
      for (const text of node.querySelectorAll('text')) text.after(' ');
      node.setAttribute('tabindex', '0');
      node.setAttribute('role', 'button');
      node.setAttribute('aria-description', description);
    }
    const focused = document.activeElement?.getAttribute('data-node');
    const hadFocus = focused != null && target.contains(document.activeElement);
    target.replaceChildren(drawing);
    if (hadFocus) nodeIn(target, focused)?.focus();
    if (!hasMoved.current) show();
  }, [svg, describeNode, show]);

  useEffect(() => {
    for (const node of sheet.current?.querySelectorAll('[data-node][role]') ?? []) {
      const isPressed = isChosen(node.getAttribute('data-node') ?? '');
      node.toggleAttribute('data-chosen', isPressed);
      node.setAttribute('aria-pressed', String(isPressed));
    }
  }, [svg, isChosen, describeNode]);

  useEffect(() => {
    const drawing = sheet.current?.querySelector('svg');
    const box = frame.current?.getBoundingClientRect();
    const node = shown === null ? null : nodeIn(sheet.current, shown);
    const at = drawing == null || node === null ? null : middleOf(drawing, node);
    if (at === null || box === undefined) return;
    setPlace((before) => {
      const [left, top] = [before.x + at.x * before.scale, before.y + at.y * before.scale];
      if (left > 60 && left < box.width - 60 && top > 40 && top < box.height - 40) return before;
      hasMoved.current = true;
      return {
        scale: before.scale,
        x: before.x + box.width / 2 - left,
        y: before.y + box.height / 2 - top,
      };
    });
  }, [shown]);

  useEffect(() => {
    const target = frame.current;
    if (target === null) return undefined;
    const observer = new ResizeObserver(() => {
      if (!hasMoved.current) show();
    });
    observer.observe(target);
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = target.getBoundingClientRect();
      const center = { x: event.clientX - box.left, y: event.clientY - box.top };
      hasMoved.current = true;
      setPlace((before) => zoomed(before, Math.exp(-event.deltaY / 300), center));
    };
    // React listens passively to the wheel, and could not keep the page from zooming.
    target.addEventListener('wheel', onWheel, { passive: false });
    return () => {
      observer.disconnect();
      target.removeEventListener('wheel', onWheel);
    };
  }, [show]);

  const zoom = (factor: number) => {
    const box = frame.current?.getBoundingClientRect();
    hasMoved.current = true;
    setPlace((before) =>
      zoomed(before, factor, { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) / 2 }),
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const node = (event.target as Element).closest('[data-node]')?.getAttribute('data-node');
    if (node != null && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      onChoose(node);
      return;
    }
    const move = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[
      event.key
    ];
    if (move !== undefined) {
      event.preventDefault();
      hasMoved.current = true;
      const [dx = 0, dy = 0] = move;
      setPlace((before) => ({ ...before, x: before.x + dx * stepPx, y: before.y + dy * stepPx }));
    } else if (event.key === '+' || event.key === '=') zoom(1.25);
    else if (event.key === '-') zoom(0.8);
    else if (event.key === '0') fit();
  };

  const onPointerDown = (event: PointerEvent) => {
    if (event.button !== 0) return;
    drag.current = { x: event.clientX, y: event.clientY, from: place, isMoving: false };
  };
  const onPointerMove = (event: PointerEvent<HTMLDivElement>) => {
    const begun = drag.current;
    if (begun === null) return;
    const [dx, dy] = [event.clientX - begun.x, event.clientY - begun.y];
    if (!begun.isMoving && Math.hypot(dx, dy) < 4) return;
    if (!begun.isMoving) event.currentTarget.setPointerCapture(event.pointerId);
    begun.isMoving = true;
    hasMoved.current = true;
    setPlace({ ...begun.from, x: begun.from.x + dx, y: begun.from.y + dy });
  };
  const onPointerUp = (event: PointerEvent) => {
    const begun = drag.current;
    drag.current = null;
    if (begun === null || begun.isMoving) return;
    const node = (event.target as Element).closest('[data-node]')?.getAttribute('data-node');
    if (node != null) onChoose(node);
  };

  return (
    <div className={styles['view']}>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- an application is interactive; its keys are told in its label */}
      <div
        ref={frame}
        className={styles['frame']}
        role="application"
        aria-label="Chart. Tab goes from node to node, Enter opens one, arrows move the chart, plus and minus zoom, 0 fits it."
        tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => {
          drag.current = null;
        }}
      >
        <div
          ref={sheet}
          className={styles['sheet']}
          style={{
            transform: `translate(${place.x}px, ${place.y}px)`,
            // not a part of the transform: browsers keep texts laid out for another scale
            ['--scale' as string]: place.scale,
          }}
        />
      </div>
      <div className={styles['tools']}>
        <Tool label="Zoom in" icon={Plus} onClick={() => zoom(1.25)} />
        <Tool label="Zoom out" icon={Minus} onClick={() => zoom(0.8)} />
        <Tool label="Fit the chart" icon={Maximize} onClick={fit} />
      </div>
    </div>
  );
}

function Tool({
  label,
  icon: Icon,
  onClick,
}: {
  readonly label: string;
  readonly icon: typeof Plus;
  readonly onClick: () => void;
}) {
  return (
    <Tooltip label={label} position="left">
      <ActionIcon variant="default" size="md" aria-label={label} onClick={onClick}>
        <Icon size={15} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

/** Scripts and handlers cannot come along: what is drawn is parsed as a picture. */
function parse(svg: string): SVGSVGElement | null {
  const root = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  if (!(root instanceof SVGSVGElement)) return null;
  for (const script of root.querySelectorAll('script, foreignObject')) script.remove();
  // The page is the card it lies on, and says what it shows.
  for (const frame of root.querySelectorAll(':scope > rect, :scope > text')) frame.remove();
  const { width, height } = root.viewBox.baseVal;
  const [left, top] = [12, 44];
  const [innerWidth, innerHeight] = [width - 2 * left, height - top - 12];
  root.setAttribute('viewBox', `${left} ${top} ${innerWidth} ${innerHeight}`);
  root.style.setProperty('--width', `${innerWidth}px`);
  root.style.setProperty('--height', `${innerHeight}px`);
  return document.importNode(root, true);
}

function sizeOf(drawing: SVGSVGElement): { readonly width: number; readonly height: number } {
  const { width, height } = drawing.viewBox.baseVal;
  return { width: Math.max(width, 1), height: Math.max(height, 1) };
}

/** Where the run works or waits, or what changed first, in the drawing's own measure. */
function standingAt(drawing: SVGSVGElement): { readonly x: number; readonly y: number } | null {
  const node = drawing.querySelector<SVGGraphicsElement>(
    '[data-node][data-state="current"], [data-node][data-state="waiting"], [data-node][data-state="failed"], [data-node][data-change]',
  );
  return node === null ? null : middleOf(drawing, node);
}

function middleOf(
  drawing: SVGSVGElement,
  node: SVGGraphicsElement,
): { readonly x: number; readonly y: number } | null {
  const [toScreen, ofDrawing] = [node.getScreenCTM(), drawing.getScreenCTM()];
  if (toScreen === null || ofDrawing === null) return null;
  const { x, y, width, height } = node.getBBox();
  const point = new DOMPoint(x + width / 2, y + height / 2).matrixTransform(
    ofDrawing.inverse().multiply(toScreen),
  );
  const { x: left, y: top } = drawing.viewBox.baseVal;
  return { x: point.x - left, y: point.y - top };
}

function nodeIn(sheet: Element | null, node: string): SVGGraphicsElement | null {
  return sheet?.querySelector<SVGGraphicsElement>(`[data-node="${CSS.escape(node)}"]`) ?? null;
}

function zoomed(
  { x, y, scale }: Place,
  factor: number,
  center: { readonly x: number; readonly y: number },
): Place {
  const next = clamp(scale * factor);
  const ratio = next / scale;
  return {
    scale: next,
    x: center.x - (center.x - x) * ratio,
    y: center.y - (center.y - y) * ratio,
  };
}

const clamp = (scale: number) => Math.min(maxScale, Math.max(minScale, scale));
