// Moments in China's time, wherever the browser believes to be.

const SHORT = { month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hour12: false };
const DAY = new Intl.DateTimeFormat('zh-CN', { timeZone: 'Asia/Shanghai', ...SHORT });

export function moment(at) {
  return DAY.format(new Date(at));
}
