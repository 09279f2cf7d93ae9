import { useEffect, useRef } from 'react';

interface FrameCanvasProps {
  readonly picture: ImageBitmap;
  readonly className: string;
}

/** A frame as a picture that says nothing to a screen reader: the button around it does. */
export function FrameCanvas({ picture, className }: FrameCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    canvas.current?.getContext('2d')?.drawImage(picture, 0, 0);
  }, [picture]);
  return <canvas ref={canvas} width={picture.width} height={picture.height} className={className} draggable={false} />;
}
