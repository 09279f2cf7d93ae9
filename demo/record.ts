export async function record(_address: string, _file: string, _tell: (line: string) => void): Promise<void> {}
