import { Button } from '@mantine/core';
import { Component, type ReactNode } from 'react';
import { Failure } from './states.tsx';

/** A page that breaks leaves the frame standing. */
export class ErrorBoundary extends Component<
  { readonly children: ReactNode },
  { readonly error: unknown; readonly hasFailed: boolean }
> {
  override state: { readonly error: unknown; readonly hasFailed: boolean } = {
    error: null,
    hasFailed: false,
  };

  static getDerivedStateFromError(error: unknown) {
    return { error, hasFailed: true };
  }

  override render(): ReactNode {
    if (!this.state.hasFailed) return this.props.children;
    return (
      <Failure error={this.state.error}>
        <Button variant="default" onClick={() => window.location.reload()}>
          Load the page again
        </Button>
      </Failure>
    );
  }
}
