"""English handbook documents about membership, savings, loans and branches."""

from __future__ import annotations

from starter_data.document import Source

SOURCES: tuple[Source, ...] = (
    Source("membership", "en", "md", "Membership rules", """
Koperasi Telaga Biru belongs to its members. Every member has one vote, whether the savings are
small or large, and every member may use all services of the cooperative: savings, loans, the
online shop and the water depots. This chapter explains how people join, what they pay, what they
may expect, and how they leave.

## Who can join

Anyone who is at least 17 years old and lives or works near one of our six branches can become a
member. We welcome farmers, students, teachers, traders, drivers, fishers and everybody else.
Children below 17 cannot be members, but a parent can open a Tirta Sekolah account in the name of
the child. Nobody is refused because of religion, origin or income. The branch manager may only
refuse a person who was excluded before because of fraud, and must give the reason in writing.

## The steps

- Visit the branch closest to your home and ask for the membership form, which is free.
- Attend the new member class of that branch. It lasts about one hour and explains savings, loans
and the rights of members.
- Bring your identity card and one photo.
- Pay the first deposit of Rp 100,000. This money stays yours and is recorded in your name.
- Receive your member card on the same day.

Each branch holds its class on a fixed day of the week, so that families can plan. The table also
shows how long a branch needs to make a new card when a card has been lost.

{class_table}

## What members pay

The first deposit is paid once. After that the monthly deposit is Rp 20,000, and it can be paid at
the cashier, in the app, through a partner agent or with a QR code. A member who cannot pay for a
while should talk to the branch. We can pause the monthly deposit for up to six months during
illness, a bad harvest or the loss of a job. There are no other fees, and the member card is free
the first time. A replacement card costs Rp 15,000.

## Rights and duties

Members elect the board at the yearly members meeting, may read the accounts, and receive a part
of the surplus every year. They may bring proposals to the meeting if ten members sign them.
Members are expected to keep their PIN secret, to pay loans on time, to report changes of address,
and to treat staff and other members with respect. Shouting, threats and false documents are not
accepted at any counter.

## Leaving the cooperative

A member can leave at any time by handing in the form and the member card at a branch. Deposits
are paid back within 30 days after all loans are settled. Interest on savings is counted until the
last day. If a member dies, the money is paid to the heir named in our records, which is why we
ask every member to keep the name of the heir up to date. A person who left may join again after
one year by attending the class and paying the first deposit once more.
"""),
    Source("branches-and-hours", "en", "md", "Branches and opening hours", """
The cooperative serves its members at six branches. Muara Wening is the oldest and also holds the
head office and the warehouse of the online shop. The other branches are Bukit Sela, Kampung
Randu, Simpang Awan, Teluk Lirih and Padang Embun. Each branch has a counter for savings and loans
and a water depot next door. This page lists the opening hours and explains how we serve visitors.

## Opening hours

From Monday to Friday every branch keeps the same hours each day. On Saturday the counters are
open for a shorter time. All branches are closed on Sundays and public holidays.

{hours_table}

Simpang Awan stays open the longest, until 17:00, because many members there work in the fields
until late afternoon. Teluk Lirih opens first, at 07:30, since fishers come to the counter after
the morning catch. Padang Embun has only two staff members and therefore closes at 14:00.

## Queue numbers

Take a queue number from the box at the door. The last queue number is given 30 minutes before
closing, so that everybody who holds a number can still be served. The queue is shortest in the
first hour and longest after the midday break. Pregnant women, parents with small children, people
older than 60 and people with a disability may go straight to the priority counter.

## What to bring

Please bring your member card with you. For withdrawals, new accounts and changes of data we also
ask for your identity card. If you come for another person, bring a signed letter and both
identity cards. Staff will never ask for your PIN, neither at the counter nor on the telephone.

## Services by branch

- Savings, withdrawals and loan applications are available at all branches.
- New cards are made at all branches; Muara Wening is the fastest with {card_days_wening}, and
Padang Embun the slowest with {card_days_embun}.
- The loan officer visits Padang Embun and Teluk Lirih twice a week.
- Orders of the online shop can be collected at every branch for free.

## Water depots

The depots follow their own hours. They are open every day from 06:00 to 18:00, also on Sundays,
because families need drinking water every day. On public holidays one depot worker is on duty at
each branch. The app works day and night, and the app team answers questions until 20:00.

## When a branch has to close

Heavy rain, a power cut or a flooded road may force a branch to close early. In that case the
branch manager hangs a notice at the door, informs the head office, and a message is sent through
the app. Members with an appointment are called by telephone and get a new time on the next
working day. Loan payments that were due on a day of closing are never counted as late.
"""),
    Source("savings-products", "en", "html", "Savings products", """
Saving is the heart of our cooperative. The money that members save is lent to other members, and
the interest they pay comes back to the savers. We keep the number of products small so that
everybody can understand them. This page describes the five savings products, their interest, the
first deposit, and how much notice we need before a withdrawal.

## Overview

{savings_table}

The interest rates are set every January by the members meeting and stay the same for the year.
The rate depends on the product only and not on the amount: a member with Rp 250,000 earns the
same percentage as a member with Rp 10,000,000. Interest is added on the last day of each month.
There is no monthly fee and no opening fee.

## Tirta Harian

Tirta Harian is the account for daily life. The first deposit is only {minimum_harian}, and money
can be withdrawn with a notice of {notice_harian}. The interest is {rate_harian} a year. Traders
use it to put the income of the day in a safe place, and it is the account that is connected to
the member card and the app.

## Tirta Sekolah

Tirta Sekolah helps parents to save for uniforms, books and school fees. It pays {rate_sekolah} a
year and needs a first deposit of {minimum_sekolah}. It can be opened in the name of a child. Many
families put in a small amount every week and withdraw it in June, before the new school year.
Please tell us {notice_sekolah} in advance.

## Tirta Raya

Tirta Raya is meant for the holidays. Members save through the year and receive the money before
the feast. The interest is {rate_raya} a year, the first deposit {minimum_raya}, and the notice
{notice_raya}. In the two weeks before the feast the counters are busy, so early notice is
welcome.

## Tirta Emas

Tirta Emas is for long plans such as a wedding, a motorcycle or old age. It pays {rate_emas} a
year. The first deposit is {minimum_emas} and a withdrawal needs a notice of {notice_emas}.

## Tirta Berjangka

Tirta Berjangka has the highest interest, {rate_berjangka} a year, because the money stays with us
for a longer time. The first deposit is {minimum_berjangka}. A withdrawal before the end of the
term is possible with a notice of {notice_berjangka}, but then the interest of the last month is
not paid.

## Rules for all accounts

- A balance of Rp 20,000 must stay in the account.
- The first account is opened at a branch with identity card and member card; a second one can be
opened in the app.
- Notice of a withdrawal can be given in the app or at the counter, and there is no withdrawal
fee.
- Interest below Rp 240,000 a month is paid in full; above that a 10 percent tax is taken.
- Someone else can collect the money with a signed letter and both identity cards.
"""),
    Source("loans", "en", "pdf", "Guide to loans", """
The cooperative lends money to members for work, school, housing and emergencies. We lend what our
members have saved, so we are careful: we look at the plan, the income and the payment history,
and we would rather lend a smaller amount than put a family in difficulty. This guide explains the
five loans and the way from the application to the last instalment.

## The five loans

{loans_table}

The interest depends on the loan and not on the term. A member who takes Modal Tani pays
{loan_rate_tani} a month, whether the term is 6 months or 24 months. Possible terms are 6, 10, 12,
18 and 24 months. Interest is counted on the remaining loan, so it goes down every month.

## How to apply

A person must have been a member for 3 months. The form is free at every branch. Bring your
identity card and the document that belongs to the loan:

- Modal Tani: {loan_document_tani} that shows the crop, the field and the expected harvest.
- Modal Warung: {loan_document_warung}, taken in the last month.
- Pinjaman Sekolah: {loan_document_sekolah} with the name of the pupil and the fees.
- Pinjaman Rumah: {loan_document_rumah} written by a builder.
- Pinjaman Darurat: only {loan_document_darurat}, because help must be fast.

Loans up to Rp 5,000,000 need no guarantee. Above that one other member must sign as guarantor.
There is no administration fee. The loan officer may visit the field, the stall or the house
before the decision. If an application is refused, we explain why, and the member can apply again
after 30 days.

## Decision and payment

The decision on Pinjaman Darurat takes {decision_darurat}. For Pinjaman Sekolah we need
{decision_sekolah}, for Modal Warung {decision_warung}, for Modal Tani {decision_tani} and for
Pinjaman Rumah {decision_rumah}, since the estimate has to be checked. After a positive decision
the member signs the contract at the branch, and the money is paid into the Tirta Harian account
on the same day. Please read the contract calmly; nobody has to sign on the spot.

## Paying the instalments

Every loan has its own due date in the month. Modal Tani is due on {due_tani}, Modal Warung on
{due_warung}, Pinjaman Sekolah on {due_sekolah}, Pinjaman Rumah on {due_rumah} and Pinjaman
Darurat on {due_darurat}. An instalment can be paid through the app, at the cashier, through a
partner agent or with a QR code. A payment through the app is recorded within {wait_app}, a QR
code needs {wait_code}, the cashier {wait_cashier} and a partner agent {wait_agent}. Use the
member number as the reference and keep the receipt.

## Paying late and paying early

A late payment costs Rp 5,000 a week. Please tell us before the due date when a payment will be
late. The due date can be moved once a year at the branch, by at most 10 days. After a bad harvest
or a flood the board can stretch the term of all loans in an area. A loan can be paid off early
without a fine, and only the interest up to that month is charged.

## Good advice

Borrow for things that last longer than the loan. Keep all instalments together below one third of
the family income. Talk about the loan at home before you sign. Our staff are glad to calculate a
plan with you, and a plan costs nothing.
"""),
)  # fmt: skip
