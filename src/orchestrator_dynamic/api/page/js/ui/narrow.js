/** Whether the page has the width of a phone. */

import { useEffect, useState } from '../core/preact.js';

const query = matchMedia('(max-width: 720px)');

export function useNarrow() {
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const look = () => setNarrow(query.matches);
    query.addEventListener('change', look);
    return () => query.removeEventListener('change', look);
  }, []);
  return narrow;
}
