"""Invented journal-style articles in English."""

from __future__ import annotations

from starter_data.document import Source

SOURCES: tuple[Source, ...] = (
    Source("reminders-and-repayment", "en", "md",
           "Friendly reminders and on-time loan repayment in a small cooperative", """
Ratna Wiyasa, Bima Lesatra and Galuh Nirmoyo. Research desk of Koperasi Telaga Biru. This article,
its authors, its data and its references are invented for demonstration.

## Abstract

Late instalments are a burden for borrowers and for cooperatives. We ask whether a short and
friendly reminder, sent three days before the due date, helps members to pay on time. In an
invented trial with 480 borrowers of six branches, half received a reminder in the app and half
did not. Over six months the share of instalments paid on time rose from 81 percent to 90 percent
in the group with reminders, and stayed at 82 percent in the other group. The effect was largest
for loans with a due date in the middle of the month. Reminders that named the amount worked
better than reminders that did not.

## Keywords

cooperative, loan repayment, reminder, mobile app, field trial

## Introduction

People rarely pay late because they do not want to pay. They forget, they wait for a harvest, or
the day at the market was poor. A fine of Rp 5,000 a week is small, but it grows, and shame keeps
some members away from the counter. Earlier work suggests that simple messages can change habits
(Nirmoyo and Tala, 2019), although other authors warn that too many messages are ignored
(Sastrapura, 2021). Little is known about small cooperatives in which members know the staff by
name.

## Setting and data

Koperasi Telaga Biru offers five loans. Modal Tani is due on {due_tani} of each month, Modal
Warung on {due_warung}, Pinjaman Sekolah on {due_sekolah}, Pinjaman Rumah on {due_rumah} and
Pinjaman Darurat on {due_darurat}. Instalments can be paid through the app, at the cashier,
through a partner agent or with a QR code. We looked at 480 borrowers who had the app on their
phone and at least eight instalments left. They were assigned by lot: 240 received reminders and
240 did not. Both groups had similar loans, ages and distances to the branch.

## Method

The reminder was sent at seven in the evening, three days before the due date. It used one of two
texts. The short text said that an instalment was coming. The full text also named the loan, the
amount and the date. An instalment counts as on time if it was recorded on the due date or
earlier. Since a payment through a partner agent is recorded within {wait_agent}, we used the date
of payment and not the date of recording. We compare the shares of the two groups month by month
and report simple differences with 95 percent intervals.

## Results

- Before the trial 81 percent of instalments were paid on time in both groups.
- With reminders the share rose to 90 percent; the difference to the other group is 8 points, with
an interval from 5 to 11 points.
- The full text reached 92 percent and the short text 88 percent.
- For Pinjaman Sekolah, due in the middle of the month, the gain was 12 points; for Modal Tani,
due early in the month, it was only 4 points.
- The number of calls to the branches fell by one fifth.

Members who paid through the app reacted most, probably because the message and the button to pay
are on the same screen. Borrowers near Padang Embun, where the signal is weak, showed almost no
change.

## Discussion

The results of this invented trial agree with the idea that forgetting is a main cause of delay. A
message that names the amount saves the member from searching for the contract. The gain for
farmers is small, because their problem is not memory but the time of the harvest; for them,
moving the due date may help more. Our trial has limits. It covers half a year only, members
talked to each other, and people without the app were left out.

## Conclusion

A friendly message with the amount and the date is cheap and useful. We propose to send it to all
borrowers with the app, to offer a call to those without it, and to stop after one message a
month.

## References

- Nirmoyo, G. and Tala, S. (2019). Small messages, small loans. Invented Journal of Village
Finance, 3(2), 11-24.
- Sastrapura, D. (2021). When people stop reading. Invented Review of Mobile Services, 7(1),
40-52.
- Wiyasa, R. (2020). Paying after the harvest. Telaga Biru Working Papers, 5.
"""),
    Source("filters-and-water", "en", "pdf",
           "How long do depot filters last? A simple log of six water depots", """
Satrio Kelana Wening and Puspa Anggitya. Depot team of Koperasi Telaga Biru. This article, its
authors, its measurements and its references are invented for demonstration.

## Abstract

Water depots must change filters early enough to keep the water clean, but not so early that money
is wasted. We kept a daily log of flow and weekly tests at six depots during 40 weeks. In these
invented data the flow fell slowly for 24 days and then quickly. No test failed before day 33,
while three of eleven tests failed between day 34 and day 40. Depots near the coast had to change
filters earlier. A rule based on flow found all failed tests in advance and saved 14 percent of
the filters.

## Keywords

drinking water, refill depot, filter life, maintenance, daily log

## Introduction

Refill depots bring drinking water to families who cannot buy bottled water. A 19-litre gallon
costs {refill_gallon} at our depots, a 12-litre can {refill_can} and a 6-litre jug {refill_jug}.
Such prices leave little room for laboratories, so the workers need rules that are simple and
safe. Many guides tell workers to change filters after a fixed time (Anggitya, 2018). A fixed time
ignores that rain, sand and the number of customers differ from place to place (Wening and Oda,
2022).

## Materials and method

Each depot has four filters in a row: sand, carbon, fine mesh and light. The workers measured how
many seconds a 12-litre can needs, every morning before opening at 06:00. Every Monday one bottle
from each depot was taken to Muara Wening and tested for colour, acidity and germs. The log covers
40 weeks and six depots: Muara Wening, Bukit Sela, Kampung Randu, Simpang Awan, Teluk Lirih and
Padang Embun. Two weeks at Padang Embun are missing because the road was closed.

We asked two questions. After how many days does the water fail a test? And does the filling time
warn us in advance? A depot was flagged when filling took one quarter longer than on the first day
of the filter.

## Results

With a fresh filter, a can was full after 41 seconds on average. After 24 days it took 46 seconds,
and after 33 days 58 seconds. The change was faster at Teluk Lirih, where fine sand comes with the
wind, and slower at Padang Embun, which uses water from a spring.

- 238 tests were made and 235 of them were good.
- The three failed tests came from filters older than 33 days, two at Teluk Lirih and one at Bukit
Sela.
- All three had been flagged by the filling time at least four days before.
- If the flag alone had been used, 14 percent fewer filters would have been changed than with the
30-day rule.

## Discussion

The filling time is easy to measure and needs only a watch. In our invented data it gave a warning
in every case. We still do not advise to drop the 30-day rule. Three failures are few, germs can
grow without slowing the water, and a worker in a hurry may forget the watch. A good plan combines
both: change the filter after 30 days, or as soon as the flag is raised. Depots on a spring might
get a longer time after one year of good tests.

Workers told us that the log changed their view of the machine. They started to clean the first
filter earlier and to talk about differences between depots. This effect is hard to count, but it
may be the most useful one.

## Conclusion

A daily look at the filling time helps small depots to keep water safe. It costs nothing, it can
be taught in ten minutes, and it finds weak filters before members taste them.

## References

- Anggitya, P. (2018). Notes on small filters. Invented Bulletin of Rural Water, 12, 5-17.
- Wening, S. K. and Oda, L. (2022). Sand, wind and flow. Invented Journal of Simple Engineering,
9(3), 101-115.
- Koperasi Telaga Biru (2023). Daily guide for depot workers. Internal print.
"""),
)  # fmt: skip
